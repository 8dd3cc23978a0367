// Short forms for reading a syntax tree.
#pragma once

#include <tree_sitter/api.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace codehelper {

constexpr int kMaxSyntaxDepth = 100;  // deeper nesting is not looked into

/// Null when there is none.
inline TSNode field(TSNode node, std::string_view name) {
  return ts_node_child_by_field_name(node, name.data(), static_cast<std::uint32_t>(name.size()));
}

inline std::string_view type_of(TSNode node) {
  return ts_node_type(node);
}

/// Each step costs a few loads, unlike ts_node_child() and ts_node_parent(), which begin at the parent or the root.
class SyntaxCursor {
 public:
  explicit SyntaxCursor(TSNode node) : cursor_(ts_tree_cursor_new(node)) {}
  ~SyntaxCursor() { ts_tree_cursor_delete(&cursor_); }
  SyntaxCursor(const SyntaxCursor&) = delete;
  SyntaxCursor& operator=(const SyntaxCursor&) = delete;

  bool to_first_child() { return ts_tree_cursor_goto_first_child(&cursor_); }
  bool to_next_sibling() { return ts_tree_cursor_goto_next_sibling(&cursor_); }
  bool to_parent() { return ts_tree_cursor_goto_parent(&cursor_); }
  TSNode node() const { return ts_tree_cursor_current_node(&cursor_); }
  /// What the node is to its parent; "" when nothing. Costs more than a step.
  std::string_view field_name() const {
    const char* name = ts_tree_cursor_current_field_name(&cursor_);
    return name == nullptr ? "" : name;
  }

 private:
  TSTreeCursor cursor_;
};

template <class Visit>
void for_each_child(TSNode node, Visit visit) {
  SyntaxCursor cursor(node);
  if (!cursor.to_first_child()) return;
  do {
    visit(cursor.node());
  } while (cursor.to_next_sibling());
}

/// Visits `node` and what is in it, in the order of the text. `enter(node, state, depth)` gives the state for what is
/// in the node, as an optional: nothing leaves it out.
template <class State, class Enter>
void walk_syntax(TSNode node, State state, Enter enter) {
  SyntaxCursor cursor(node);
  std::vector<State> states{state};  // of the nodes on the way down
  for (;;) {
    const std::optional<State> inner = enter(cursor.node(), states.back(), static_cast<int>(states.size()) - 1);
    if (inner && cursor.to_first_child()) {
      states.push_back(*inner);
      continue;
    }
    while (states.size() == 1 || !cursor.to_next_sibling()) {
      if (states.size() == 1) return;
      cursor.to_parent();
      states.pop_back();
    }
  }
}

/// The first child of that type; null when there is none.
inline TSNode child_of_type(TSNode node, std::string_view type) {
  TSNode found{};
  for_each_child(node, [&](TSNode child) {
    if (ts_node_is_null(found) && type_of(child) == type) found = child;
  });
  return found;
}

}  // namespace codehelper
