#include "symbol_kind.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "syntax_node.hpp"

namespace codehelper {

namespace {

using Word = std::pair<std::string_view, std::string_view>;  // in the node's type, and the kind

constexpr auto kContainerWords = std::to_array<Word>({
    {"enum", "enum"},
    {"struct", "struct"},
    {"union", "union"},
    {"interface", "interface"},
    {"protocol", "protocol"},
    {"trait", "trait"},
    {"record", "record"},
    {"annotation", "annotation"},
    {"object_", "object"},
    {"mod", "module"},
    {"class", "class"},
});

constexpr auto kTypeWords = std::to_array<Word>({
    {"preproc", "macro"},
    {"macro", "macro"},
    {"const", "constant"},
    {"static", "constant"},
    {"concept", "concept"},
    {"event", "event"},
    {"property", "property"},
    {"alias", "type"},
    {"type", "type"},
});

template <std::size_t size>
std::string_view look_up(const std::array<Word, size>& words, std::string_view type) {
  const auto found = std::ranges::find_if(words, [&](const Word& word) { return type.contains(word.first); });
  return found == words.end() ? std::string_view{} : found->second;
}

/// Kotlin and Swift have one type of node for all of these, Go and Zig one for all types: a child tells.
std::string_view container_by_child(TSNode node) {
  std::string_view kind;
  for_each_child(node, [&](TSNode child) {
    const auto type = type_of(child);
    const bool is_keyword = type == "interface" || type == "enum" || type == "struct" || type == "actor";
    const bool is_type = type.ends_with("_type") || type.ends_with("_declaration");
    if (kind.empty() && is_keyword) kind = type;
    if (type == "enum_class_body") kind = "enum";
    if (kind.empty() && is_type) kind = look_up(kContainerWords, type);
  });
  return kind;
}

/// "int f(void);" in C: the function itself is elsewhere.
bool announces_function(TSNode node) {
  for (int depth = 0; depth < kMaxSyntaxDepth && !ts_node_is_null(node); ++depth) {
    if (type_of(node) == "function_declarator") return true;
    node = field(node, "declarator");
  }
  return false;
}

}  // namespace

std::string_view kind_of(const Grammar& grammar, const Declaration& declaration, Level level) {
  const auto type = type_of(declaration.node);
  switch (declaration.role) {
    case NodeRole::container: {
      const bool is_by_child =
          type == "type_spec" || type == "variable_declaration" ||
          (type == "class_declaration" && (grammar.name() == "kotlin" || grammar.name() == "swift"));
      const auto by_child = is_by_child ? container_by_child(declaration.node) : std::string_view{};
      if (!by_child.empty()) return by_child;
      const auto kind = look_up(kContainerWords, type);
      return kind.empty() ? "type" : kind;
    }
    case NodeRole::function: {
      if (type.contains("property")) return "property";
      if (type.contains("constructor") || type == "init_declaration") return "constructor";
      const bool is_scoped = declaration.name.find_first_of(":.") != std::string::npos;
      return level == Level::member || is_scoped ? "method" : "function";
    }
    case NodeRole::type: {
      const auto kind = look_up(kTypeWords, type);
      return kind.empty() ? "type" : kind;
    }
    default:
      if (announces_function(declaration.node)) return "declaration";
      return type.contains("const") ? "constant" : "variable";
  }
}

}  // namespace codehelper
