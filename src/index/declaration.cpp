#include "declaration.hpp"

#include <algorithm>

#include "syntax_node.hpp"

namespace codehelper {

namespace {

std::string plain_name(std::string_view name) {
  if (name.contains("operator")) return std::string(name.substr(std::min(name.rfind("operator"), name.size())));
  const auto separator = name.find_last_of(":.");
  return std::string(separator == std::string_view::npos ? name : name.substr(separator + 1));
}

bool may_wrap(NodeRole role) {
  return role == NodeRole::wrapper || role == NodeRole::value;
}

/// "impl Widget" in Rust, "extension Widget" in Swift.
bool adds_to_type(TSNode node) {
  if (type_of(node) == "impl_item") return true;
  const auto name = field(node, "name");
  return type_of(node) == "class_declaration" && !ts_node_is_null(name) && type_of(name) == "user_type";
}

}  // namespace

bool holds_members(TSNode node) {
  if (type_of(node) != "variable_declaration") return false;
  bool holds = false;
  for_each_child(node, [&](TSNode child) {
    const auto type = type_of(child);
    holds = holds || type == "struct_declaration" || type == "union_declaration" || type == "enum_declaration" ||
            type == "opaque_declaration";
  });
  return holds;
}

/// "#define WIDGET_H" right under "#ifndef WIDGET_H".
bool DeclarationFinder::is_include_guard(TSNode node) const {
  if (type_of(node) != "preproc_def" || !ts_node_is_null(field(node, "value"))) return false;
  const auto parent = ts_node_parent(node);
  if (ts_node_is_null(parent) || type_of(parent) != "preproc_ifdef") return false;
  return text(field(parent, "name")) == text(field(node, "name"));
}

std::optional<Declaration> DeclarationFinder::describe(TSNode node, Level level) const {
  const auto role = grammar_.role(node);
  const bool declares =
      role == NodeRole::container || role == NodeRole::function || role == NodeRole::type || role == NodeRole::value;
  if (!declares) return std::nullopt;
  const bool is_c_type = type_of(node).ends_with("_specifier");  // "struct stat" in "struct stat* s" declares nothing
  if (is_c_type && ts_node_is_null(field(node, "body"))) return std::nullopt;

  if (is_include_guard(node)) return std::nullopt;
  auto written = written_names(node, level);
  std::erase(written, "");
  std::erase(written, "_");
  if (written.empty()) return std::nullopt;
  Declaration declaration{node, holds_members(node) ? NodeRole::container : role, written.front(), {}};
  if (adds_to_type(node)) return declaration;
  for (const auto& name : written) declaration.names.push_back(plain_name(name));
  return declaration;
}

std::optional<Declaration> DeclarationFinder::find(TSNode node, Level level, int depth) const {
  auto found = describe(node, level);
  if (found || !may_wrap(grammar_.role(node)) || depth == kMaxSyntaxDepth) return found;
  for_each_child(node, [&](TSNode child) {
    if (found || !ts_node_is_named(child)) return;
    const auto role = grammar_.role(child);
    found = role == NodeRole::wrapper ? find(child, level, depth + 1) : describe(child, level);
  });
  return found;
}

void DeclarationFinder::collect(TSNode root, Level level, std::vector<std::string>& names) const {
  walk_syntax(root, level, [&](TSNode node, Level outer, int depth) -> std::optional<Level> {
    if (depth > 0 && ts_node_named_child_count(node) == 0) return std::nullopt;
    const auto role = grammar_.role(node);
    if (auto found = describe(node, outer)) std::ranges::move(found->names, std::back_inserter(names));
    if (role == NodeRole::function || role == NodeRole::opaque || depth == kMaxSyntaxDepth) return std::nullopt;
    const bool is_scope = role == NodeRole::container || role == NodeRole::value;
    return is_scope ? Level::member : outer;
  });
}

}  // namespace codehelper
