#include "grammar.hpp"

#include <algorithm>

namespace codehelper {

Grammar::Grammar(const GrammarRules& rules) : rules_(&rules), language_(rules.make()) {
  roles_.resize(ts_language_symbol_count(language_), NodeRole::none);
  for (std::size_t symbol = 0; symbol < roles_.size(); ++symbol) {
    const auto id = static_cast<TSSymbol>(symbol);
    if (ts_language_symbol_type(language_, id) != TSSymbolTypeRegular) continue;
    const auto rule = std::ranges::find(rules.nodes, ts_language_symbol_name(language_, id), &NodeRule::type);
    if (rule != rules.nodes.end()) roles_[symbol] = rule->role;
  }
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
