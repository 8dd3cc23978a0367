#include "grammar.hpp"

#include <zlib.h>
#include "grammars/grammar_tables.h"

#include <algorithm>
#include <stdexcept>

namespace codehelper {

namespace {

bool unpack(const PackedGrammar& grammar) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return false;
  stream.next_in = const_cast<Bytef*>(grammar.packed);  // zlib's interface is older than const; it only reads
  stream.avail_in = static_cast<uInt>(grammar.packed_end - grammar.packed);
  int result = Z_OK;
  for (const GrammarTable& table : std::span(grammar.tables, grammar.table_count)) {
    stream.next_out = table.place;
    stream.avail_out = static_cast<uInt>(table.size_bytes);
    while (result == Z_OK && stream.avail_out > 0) result = inflate(&stream, Z_NO_FLUSH);
    if (stream.avail_out > 0) break;
  }
  if (result == Z_OK) result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return result == Z_STREAM_END && stream.avail_out == 0;
}

void unpack_tables(const TSLanguage* language) {
  const std::span grammars(codehelper_packed_grammars, codehelper_packed_grammar_count);
  const auto found =
      std::ranges::find(grammars, language, [](const PackedGrammar& grammar) { return grammar.language(); });
  if (found == grammars.end() || !unpack(*found)) throw std::logic_error("a grammar's tables are not in the program");
}

/// What the grammars call the leaves that are names.
bool is_name_type(std::string_view type) {
  return type.ends_with("identifier") || type == "constant" || type == "name" || type == "word" ||
         type == "variable_name" || type == "simple_identifier";
}

}  // namespace

Grammar::Grammar(const GrammarRules& rules) : rules_(&rules), language_(rules.make()) {
  roles_.resize(ts_language_symbol_count(language_), NodeRole::none);
  names_.resize(roles_.size());
  for (std::size_t symbol = 0; symbol < roles_.size(); ++symbol) {
    const auto id = static_cast<TSSymbol>(symbol);
    names_[symbol] = is_name_type(ts_language_symbol_name(language_, id));
    if (ts_language_symbol_type(language_, id) != TSSymbolTypeRegular) continue;
    const auto rule = std::ranges::find(rules.nodes, ts_language_symbol_name(language_, id), &NodeRule::type);
    if (rule != rules.nodes.end()) roles_[symbol] = rule->role;
  }
}

const TSLanguage* Grammar::language() const {
  std::call_once(*unpacked_, unpack_tables, language_);
  return language_;
}

const Grammar* find_grammar(std::string_view language) {
  static const std::vector<Grammar> grammars = [] {
    std::vector<Grammar> made;
    for (const auto& rules : grammar_rules()) made.emplace_back(rules);
    return made;
  }();
  const auto found = std::ranges::find(grammars, language, &Grammar::name);
  return found == grammars.end() ? nullptr : &*found;
}

}  // namespace codehelper
