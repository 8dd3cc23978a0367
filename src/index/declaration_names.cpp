// The naming half of DeclarationFinder: what the declarations of each language are called.
#include <cctype>

#include "declaration.hpp"
#include "syntax_node.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kMaxNameBytes = 200;

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

bool is_function_value(TSNode node) {
  auto value = field(node, "value");
  if (ts_node_is_null(value)) value = field(node, "right");
  if (ts_node_is_null(value)) value = child_of_type(node, "expression_list");
  if (!ts_node_is_null(value) && type_of(value) == "expression_list") value = field(value, "value");
  if (ts_node_is_null(value)) return false;
  const auto type = type_of(value);
  return type == "arrow_function" || type == "function_expression" || type == "generator_function" || type == "class" ||
         type == "function_definition";
}

/// The node that names a C declarator: "start" in "*(*start)(int)". `is_function` tells whether it names a function.
TSNode named_declarator(TSNode node, bool& is_function) {
  for (int depth = 0; depth < kMaxSyntaxDepth && !ts_node_is_null(node); ++depth) {
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
  for_each_child(node, [&](TSNode child) {
    if (ts_node_is_null(found)) found = find_descendant(child, type, depth - 1);
  });
  return found;
}

/// Swift's declarations that have a keyword for a name.
std::string_view keyword_name(std::string_view type) {
  if (type == "init_declaration") return "init";
  if (type == "deinit_declaration") return "deinit";
  return type == "subscript_declaration" ? "subscript" : "";
}

/// The node with the name, for what has one; null when there is none, or several in a pattern.
TSNode name_node(TSNode node) {
  const auto type = type_of(node);
  auto name = field(node, "name");
  if (type == "pair") name = field(node, "key");
  if (type == "field_definition") name = field(node, "property");
  if (type == "type_alias" && ts_node_is_null(name)) name = field(node, "type");
  if (type == "const_element") name = ts_node_named_child(node, 0);
  if (type == "property_declaration" && ts_node_is_null(name)) name = child_of_type(node, "variable_declaration");
  if (type == "variable_declaration" && ts_node_is_null(name)) name = child_of_type(node, "identifier");
  if (ts_node_is_null(name)) return name;
  if (type_of(name) == "variable_declaration") name = child_of_type(name, "identifier");
  if (type_of(name) == "pattern") name = field(name, "bound_identifier");
  return name;
}

}  // namespace

std::string_view DeclarationFinder::text(TSNode node) const {
  const auto start = ts_node_start_byte(node);
  return source_.substr(start, ts_node_end_byte(node) - start);
}

bool DeclarationFinder::counts_in_class(TSNode node) const {
  const auto type = type_of(node);
  if (is_function_value(node)) return true;
  if (type == "pair" || type == "field" || type.starts_with("assignment_")) return false;
  const bool is_computed =
      !ts_node_is_null(field(node, "computed_value")) || !ts_node_is_null(child_of_type(node, "getter"));
  if (is_computed) return true;
  if (type == "variable_declarator") node = ts_node_parent(ts_node_parent(node));
  if (ts_node_is_null(node)) return false;
  const auto head = text(node).substr(0, text(node).find('='));
  const auto has = [&](std::string_view word) { return head.contains(word); };
  if (type_of(node) == "constant_declaration" || has("constexpr ")) return true;
  if (has("static ")) return has("const ") || has("final ") || has("readonly ") || has("let ");
  return grammar_.has_constants_in_types() && has("const ");
}

std::vector<std::string> DeclarationFinder::declarator_names(TSNode node, Level level) const {
  std::vector<std::string> names;
  const bool counts = level == Level::top || grammar_.role(node) != NodeRole::value || counts_in_class(node);
  SyntaxCursor cursor(node);
  for (bool is_more = cursor.to_first_child(); is_more; is_more = cursor.to_next_sibling()) {
    if (cursor.field_name() != "declarator") continue;
    bool is_function = false;
    TSNode name = named_declarator(cursor.node(), is_function);
    if (type_of(name) == "variable_declarator") name = field(name, "name");
    if (!ts_node_is_null(name) && (counts || is_function)) names.push_back(clean_name(text(name)));
  }
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

/// "M.add = function () … end" in Lua; any name on the left at the top.
std::vector<std::string> DeclarationFinder::list_assigned_names(TSNode node, Level level) const {
  std::vector<std::string> names;
  const bool is_function = is_function_value(node);
  for_each_child(child_of_type(node, "variable_list"), [&](TSNode child) {
    const bool counts = is_function || (level == Level::top && type_of(child) == "identifier");
    if (counts && ts_node_is_named(child)) names.push_back(clean_name(text(child)));
  });
  return names;
}

std::vector<std::string> DeclarationFinder::written_names(TSNode node, Level level) const {
  const auto role = grammar_.role(node);
  if (role == NodeRole::value && level == Level::local) return {};
  const auto type = type_of(node);
  if (type == "impl_item") return {clean_name(text(field(node, "type")))};
  if (type == "assignment_statement") return list_assigned_names(node, level);
  if (!ts_node_is_null(field(node, "left"))) {
    const bool counts = level == Level::top || grammar_.name() == "ruby" || counts_in_class(node);
    return counts ? assigned_names(node) : std::vector<std::string>{};
  }
  if (!ts_node_is_null(field(node, "declarator"))) return declarator_names(node, level);

  if (const auto keyword = keyword_name(type); !keyword.empty()) return {std::string(keyword)};
  const auto name = name_node(node);
  if (ts_node_is_null(name) || type_of(name).ends_with("_pattern")) return {};
  if (role == NodeRole::value && level == Level::member && !holds_members(node) && !counts_in_class(node)) return {};
  if ((type == "pair" || type == "field") && !is_function_value(node)) return {};
  if (grammar_.name() == "zig" && text(node).contains("@import(")) return {};
  auto written = clean_name(text(name));
  if (type == "destructor_declaration") written.insert(0, "~");
  if (type == "method_declaration" && grammar_.name() == "go") {
    const auto receiver = find_descendant(field(node, "receiver"), "type_identifier", 6);
    if (!ts_node_is_null(receiver)) written.insert(0, std::string(text(receiver)) + ".");
  }
  return {written};
}

}  // namespace codehelper
