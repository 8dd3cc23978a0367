#include "syntax_symbols.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "declaration.hpp"
#include "symbol_kind.hpp"
#include "syntax_node.hpp"

namespace codehelper {

namespace {

/// Longer ones are data: the words of a table, a string that the grammar takes for a name.
constexpr std::size_t kMaxNameBytes = 100;
constexpr std::size_t kMinReferenceBytes = 2;  // "i" and "x" say nothing

int row_of(TSPoint point) {
  return static_cast<int>(point.row) + 1;
}

bool is_word_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' ||
         (static_cast<unsigned char>(character) & 0x80U) != 0;
}

/// Where `name` is a word of its own in `text`; npos when nowhere.
std::size_t find_word(std::string_view text, std::string_view name) {
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    if (at > 0 && is_word_character(text[at - 1])) continue;
    if (end == text.size() || !is_word_character(text[end])) return at;
  }
  return std::string_view::npos;
}

class Collector {
 public:
  Collector(const Grammar& grammar, std::string_view content)
      : grammar_(grammar), content_(content), finder_(grammar, content) {}

  FileSymbols run(TSNode root) && {
    walk_syntax(root, Scope{}, [&](TSNode node, Scope scope, int depth) -> std::optional<Scope> {
      if (depth > 0 && !ts_node_is_named(node)) return std::nullopt;
      if (ts_node_child_count(node) == 0) {
        add_reference(node);
        return std::nullopt;
      }
      if (depth == kMaxNesting) return std::nullopt;
      return enter(node, scope);
    });
    return finish();
  }

 private:
  static constexpr int kMaxNesting = 400;

  struct Scope {
    Level level = Level::top;
    int symbol = 0;  // in symbols_
  };

  /// Notes what the node declares; gives the scope of what is in it.
  Scope enter(TSNode node, const Scope& scope) {
    const auto level = scope.level;
    const auto role = grammar_.role(node);
    const bool is_body = role == NodeRole::function || role == NodeRole::opaque;
    auto inner = level;
    if (role == NodeRole::container || role == NodeRole::value) inner = level == Level::local ? level : Level::member;
    if (is_body) inner = Level::local;
    const auto declaration = finder_.describe(node, level);
    if (!declaration) return {inner, scope.symbol};
    auto symbol = scoped(*declaration, scope.symbol);
    for (const auto& name : declaration->names) add_definition(*declaration, name, symbol, level);
    if (declaration->role == NodeRole::container) inner = level == Level::local ? level : Level::member;
    symbols_.push_back(std::move(symbol));
    return {inner, static_cast<int>(symbols_.size()) - 1};
  }

  std::string scoped(const Declaration& declaration, int scope) const {
    const auto& around = symbols_[static_cast<std::size_t>(scope)];
    if (around.empty()) return declaration.name;
    return around + std::string(grammar_.separator(declaration.role)) + declaration.name;
  }

  void add_definition(const Declaration& declaration, const std::string& name, const std::string& symbol, Level level) {
    const auto start = ts_node_start_byte(declaration.node);
    const auto text = content_.substr(start, ts_node_end_byte(declaration.node) - start);
    const auto before = text.substr(0, std::min(find_word(text, name), text.size()));
    const bool is_found = before.size() < text.size();
    const int line = row_of(ts_node_start_point(declaration.node)) +
                     (is_found ? static_cast<int>(std::ranges::count(before, '\n')) : 0);
    const auto end = ts_node_end_point(declaration.node);
    const int end_line = end.column == 0 && row_of(end) > line ? row_of(end) - 1 : row_of(end);
    // Of "var a, b = 1, 2" only the first name is in the symbol.
    const bool is_first = name == declaration.names.front();
    auto full = is_first ? symbol : symbol.substr(0, symbol.size() - declaration.name.size()) + name;
    found_.definitions.push_back(
        {name, std::move(full), std::string(kind_of(grammar_, declaration, level)), line, end_line});
  }

  void add_reference(TSNode node) {
    if (!grammar_.is_name(node)) return;
    const auto start = ts_node_start_byte(node);
    const auto name = content_.substr(start, ts_node_end_byte(node) - start);
    if (name.size() < kMinReferenceBytes || name.size() > kMaxNameBytes) return;
    auto& lines = lines_[name];
    const int line = row_of(ts_node_start_point(node));
    if (lines.empty() || lines.back() != line) lines.push_back(line);
  }

  FileSymbols finish() {
    for (const auto& definition : found_.definitions) {
      const auto used = lines_.find(definition.name);
      if (used != lines_.end()) std::erase(used->second, definition.line);
    }
    for (auto& [name, lines] : lines_) {
      if (!lines.empty()) found_.references.push_back({std::string(name), std::move(lines)});
    }
    std::ranges::sort(found_.references, {}, &SymbolReferences::name);
    return std::move(found_);
  }

  const Grammar& grammar_;
  std::string_view content_;
  DeclarationFinder finder_;
  FileSymbols found_;
  std::vector<std::string> symbols_{""};
  std::unordered_map<std::string_view, std::vector<int>> lines_;  // of each name
};

}  // namespace

FileSymbols find_symbols(const SyntaxTree& tree, std::string_view content) {
  if (!tree.is_parsed()) return {};
  return Collector(tree.grammar(), content).run(tree.root());
}

std::vector<std::string_view> split_symbol(std::string_view symbol) {
  std::vector<std::string_view> parts;
  while (!symbol.empty()) {
    const auto end = std::min(symbol.find_first_of(":.#/\\"), symbol.size());
    if (end > 0) parts.push_back(symbol.substr(0, end));
    symbol.remove_prefix(std::min(end + 1, symbol.size()));
  }
  return parts;
}

bool is_named(std::string_view symbol, std::string_view name) {
  const auto all = split_symbol(symbol);
  const auto wanted = split_symbol(name);
  if (wanted.empty() || wanted.size() > all.size()) return false;
  return std::equal(wanted.begin(), wanted.end(), all.end() - static_cast<std::ptrdiff_t>(wanted.size()));
}

}  // namespace codehelper
