// Short forms for reading a syntax tree.
#pragma once

#include <tree_sitter/api.h>

#include <cstdint>
#include <string_view>

namespace codehelper {

constexpr int kMaxSyntaxDepth = 100;  // deeper nesting is not looked into

/// Null when there is none.
inline TSNode field(TSNode node, std::string_view name) {
  return ts_node_child_by_field_name(node, name.data(), static_cast<std::uint32_t>(name.size()));
}

inline std::string_view type_of(TSNode node) {
  return ts_node_type(node);
}

/// visit(child, its field name or "")
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

/// The first child of that type; null when there is none.
inline TSNode child_of_type(TSNode node, std::string_view type) {
  TSNode found{};
  for_each_child(node, [&](TSNode child, std::string_view) {
    if (ts_node_is_null(found) && type_of(child) == type) found = child;
  });
  return found;
}

}  // namespace codehelper
