#include "declaration.hpp"

#include <algorithm>
#include <cctype>

namespace codehelper {

namespace {

constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxNameBytes = 200;

TSNode field(TSNode node, std::string_view name) {
  return ts_node_child_by_field_name(node, name.data(), static_cast<std::uint32_t>(name.size()));
}

std::string_view type_of(TSNode node) {
  return ts_node_type(node);
}

template <class Visit>
void for_each_child(TSNode node, Visit visit) {
  TSTreeCursor cursor = ts_tree_cursor_new(node);
  if (ts_tree_cursor_goto_first_child(&cursor)) {
    do {
      const char* name = ts_tree_cursor_current_field_name(&cursor);
      visit(ts_tree_cursor_current_node(&cursor), std::string_view(name == nullptr ? "" : name));
    } while (ts_tree_cursor_goto_next_sibling(&cursor));
  }
  ts_tree_cursor_delete(&cursor);
}

/// "Map<K, V> ::get" gives "Map::get"; the name of an operator stays whole.
std::string clean_name(std::string_view written) {
  const auto operator_at = written.find("operator");
  std::string name;
  int depth = 0;
  for (std::size_t at = 0; at < written.size() && name.size() < kMaxNameBytes; ++at) {
    const char character = written[at];
    const bool in_operator = at >= operator_at;
    if (!in_operator && character == '<') ++depth;
    if (depth == 0 && std::isspace(static_cast<unsigned char>(character)) == 0) name += character;
    if (!in_operator && character == '>' && depth > 0) --depth;
  }
  return name;
}

std::string plain_name(std::string_view name) {
  if (name.contains("operator")) return std::string(name.substr(std::min(name.rfind("operator"), name.size())));
  const auto separator = name.find_last_of(":.");
  return std::string(separator == std::string_view::npos ? name : name.substr(separator + 1));
}

bool is_function_value(TSNode node) {
  auto value = field(node, "value");
  if (ts_node_is_null(value)) value = field(node, "right");
  if (ts_node_is_null(value)) return false;
  const auto type = type_of(value);
  return type == "arrow_function" || type == "function_expression" || type == "generator_function" || type == "class";
}

/// The node that names a C declarator: "start" in "*(*start)(int)". `is_function` tells whether it names a function.
TSNode named_declarator(TSNode node, bool& is_function) {
  for (int depth = 0; depth < kMaxDepth && !ts_node_is_null(node); ++depth) {
    if (type_of(node) == "function_declarator") is_function = true;
    auto inner = field(node, "declarator");
    const auto type = type_of(node);
    const bool is_bracket =
        type == "parenthesized_declarator" || type == "reference_declarator" || type == "attributed_declarator";
    if (ts_node_is_null(inner) && is_bracket) inner = ts_node_named_child(node, 0);
    if (type == "operator_cast" || ts_node_is_null(inner)) return node;
    node = inner;
  }
  return node;
}

TSNode find_descendant(TSNode node, std::string_view type, int depth) {
  TSNode found{};
  if (type_of(node) == type) return node;
  if (depth == 0) return found;
  for_each_child(node, [&](TSNode child, std::string_view) {
    if (ts_node_is_null(found)) found = find_descendant(child, type, depth - 1);
  });
  return found;
}

bool may_wrap(NodeRole role) {
  return role == NodeRole::wrapper || role == NodeRole::value;
}

}  // namespace

std::string_view DeclarationFinder::text(TSNode node) const {
  const auto start = ts_node_start_byte(node);
  return source_.substr(start, ts_node_end_byte(node) - start);
}

bool DeclarationFinder::counts_in_class(TSNode node) const {
  if (is_function_value(node)) return true;
  if (type_of(node) == "pair" || type_of(node) == "assignment_expression") return false;
  if (type_of(node) == "variable_declarator") node = ts_node_parent(ts_node_parent(node));
  if (ts_node_is_null(node)) return false;
  const auto head = text(node).substr(0, text(node).find('='));
  const auto has = [&](std::string_view word) { return head.contains(word); };
  if (type_of(node) == "constant_declaration" || has("constexpr ")) return true;
  if (has("static ")) return has("const ") || has("final ") || has("readonly ");
  return grammar_.name() == "csharp" && has("const ");
}

std::vector<std::string> DeclarationFinder::declarator_names(TSNode node, Level level) const {
  std::vector<std::string> names;
  const bool counts = level == Level::top || grammar_.role(node) != NodeRole::value || counts_in_class(node);
  for_each_child(node, [&](TSNode child, std::string_view child_field) {
    if (child_field != "declarator") return;
    bool is_function = false;
    TSNode name = named_declarator(child, is_function);
    if (type_of(name) == "variable_declarator") name = field(name, "name");
    if (!ts_node_is_null(name) && (counts || is_function)) names.push_back(clean_name(text(name)));
  });
  return names;
}

std::vector<std::string> DeclarationFinder::assigned_names(TSNode node) const {
  const auto left = field(node, "left");
  const auto type = type_of(left);
  if (type_of(node) == "type_alias_statement") return {clean_name(text(left))};
  if (type == "identifier" || type == "constant") {
    if (type_of(node) == "assignment_expression" && !is_function_value(node)) return {};
    if (grammar_.name() == "ruby" && type != "constant") return {};
    return {std::string(text(left))};
  }
  if (type != "member_expression" || !is_function_value(node)) return {};
  auto written = text(left);
  for (const std::string_view prefix : {"module.", "exports."}) {
    if (written.starts_with(prefix)) written.remove_prefix(prefix.size());
  }
  if (written == "exports") return {};
  return {clean_name(written)};
}

std::vector<std::string> DeclarationFinder::written_names(TSNode node, Level level) const {
  const auto role = grammar_.role(node);
  if (role == NodeRole::value && level == Level::local) return {};
  const auto type = type_of(node);
  if (type == "impl_item") return {clean_name(text(field(node, "type")))};
  if (!ts_node_is_null(field(node, "left"))) {
    const bool counts = level == Level::top || grammar_.name() == "ruby" || counts_in_class(node);
    return counts ? assigned_names(node) : std::vector<std::string>{};
  }
  if (!ts_node_is_null(field(node, "declarator"))) return declarator_names(node, level);

  auto name = field(node, "name");
  if (ts_node_is_null(name) && type == "pair") name = field(node, "key");
  if (ts_node_is_null(name) && type == "field_definition") name = field(node, "property");
  if (ts_node_is_null(name) && type == "const_element") name = ts_node_named_child(node, 0);
  if (ts_node_is_null(name) || type_of(name).ends_with("_pattern")) return {};
  if (role == NodeRole::value && level == Level::member && !counts_in_class(node)) return {};
  if (type == "pair" && !is_function_value(node)) return {};
  auto written = clean_name(text(name));
  if (type == "destructor_declaration") written.insert(0, "~");
  if (type == "method_declaration" && grammar_.name() == "go") {
    const auto receiver = find_descendant(field(node, "receiver"), "type_identifier", 6);
    if (!ts_node_is_null(receiver)) written.insert(0, std::string(text(receiver)) + ".");
  }
  return {written};
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
  Declaration declaration{node, role, written.front(), {}};
  if (type_of(node) == "impl_item") return declaration;
  for (const auto& name : written) declaration.names.push_back(plain_name(name));
  return declaration;
}

std::optional<Declaration> DeclarationFinder::find(TSNode node, Level level, int depth) const {
  auto found = describe(node, level);
  if (found || !may_wrap(grammar_.role(node)) || depth == kMaxDepth) return found;
  for_each_child(node, [&](TSNode child, std::string_view) {
    if (found || !ts_node_is_named(child)) return;
    const auto role = grammar_.role(child);
    found = role == NodeRole::wrapper ? find(child, level, depth + 1) : describe(child, level);
  });
  return found;
}

void DeclarationFinder::collect(TSNode node, Level level, std::vector<std::string>& names) const {
  struct Pending {
    TSNode node;
    Level level;
    int depth;
  };
  std::vector<Pending> pending{{node, level, 0}};
  while (!pending.empty()) {
    const auto current = pending.back();
    pending.pop_back();
    const auto role = grammar_.role(current.node);
    if (auto found = describe(current.node, current.level)) std::ranges::move(found->names, std::back_inserter(names));
    if (role == NodeRole::function || role == NodeRole::opaque || current.depth == kMaxDepth) continue;
    const bool is_scope = role == NodeRole::container || role == NodeRole::value;
    const auto inner = is_scope ? Level::member : current.level;
    const auto first = pending.size();
    for_each_child(current.node, [&](TSNode child, std::string_view) {
      if (ts_node_named_child_count(child) > 0) pending.push_back({child, inner, current.depth + 1});
    });
    std::reverse(pending.begin() + static_cast<std::ptrdiff_t>(first), pending.end());
  }
}

}  // namespace codehelper
