#include <algorithm>
#include <memory>
#include <utility>

#include "declaration.hpp"
#include "section.hpp"
#include "syntax_node.hpp"

namespace codehelper {

namespace {

constexpr TSSymbol kErrorSymbol = 65535;  // "ts_builtin_sym_error" of tree-sitter

int first_line(TSNode node) {
  return static_cast<int>(ts_node_start_point(node).row);
}

int last_line(TSNode node) {
  const auto end = ts_node_end_point(node);
  const auto row = static_cast<int>(end.row);
  return end.column == 0 && row > first_line(node) ? row - 1 : row;
}

/// The declaration whose inside is being cut.
struct Scope {
  int group = 0;
  std::string symbol;
  Level level = Level::top;
  SectionKind rest = SectionKind::filler;  // of what declares nothing
};

/// The comments and attributes right above a node.
struct Attached {
  int first = -1;  // -1 = none
  int last = -1;
};

class Outliner {
 public:
  Outliner(const Grammar& grammar, std::string_view content, const Lines& lines, const ChunkLimits& limits)
      : grammar_(grammar), finder_(grammar, content), lines_(lines), limits_(limits) {}

  std::vector<Section> run(TSNode root) && {
    occupied_ = -1;
    visit(root, {}, {}, 0);
    return std::move(sections_);
  }

 private:
  /// Makes sections of the children of `node`. Everything up to line `occupied_` belongs to earlier siblings.
  void visit(TSNode node, const Scope& scope, Attached attached, int depth) {
    SyntaxCursor cursor(node);
    if (depth == kMaxSyntaxDepth || !cursor.to_first_child()) return;
    do {
      const auto child = cursor.node();
      if (ts_node_is_named(child)) visit_child(child, cursor.field_name() == "body", scope, attached, depth);
      occupied_ = std::max(occupied_, last_line(child));
    } while (cursor.to_next_sibling());
    if (attached.first >= 0) add({.kind = scope.rest, .first_line = attached.first}, scope);
  }

  void visit_child(TSNode child, bool is_body, const Scope& scope, Attached& attached, int depth) {
    const auto role = grammar_.role(child);
    const int first = first_line(child);
    if (role == NodeRole::attached) {
      if (first > occupied_ || first == attached.last) attach(child, scope, attached);
      return;
    }
    if (is_body) {
      const auto above = std::exchange(attached, {});
      return visit(child, scope, above, depth + 1);
    }
    const int start = start_of(first, scope, attached);
    if (role == NodeRole::transparent || ts_node_symbol(child) == kErrorSymbol) {
      if (start >= 0) add({.kind = scope.rest, .first_line = start}, scope);
      occupied_ = std::max(occupied_, first);
      visit(child, scope, {}, depth + 1);
    } else if (auto declaration = finder_.find(child, scope.level)) {
      add_declaration(child, *declaration, start, scope, depth);
    } else {
      add_rest(child, start, scope, depth);
    }
  }

  void attach(TSNode comment, const Scope& scope, Attached& attached) {
    const int first = first_line(comment);
    if (attached.first >= 0 && first > attached.last + 1) {
      add({.kind = scope.rest, .first_line = attached.first}, scope);
      attached.first = -1;
    }
    if (attached.first < 0) attached.first = first;
    attached.last = last_line(comment);
  }

  /// The line at which the section of a node begins, with what is attached to it; -1 when the line has begun before.
  int start_of(int first, const Scope& scope, Attached& attached) {
    const auto above = std::exchange(attached, {});
    if (above.first >= 0 && first <= above.last + 1) return above.first;
    if (above.first >= 0) add({.kind = scope.rest, .first_line = above.first}, scope);
    return first > occupied_ ? first : -1;
  }

  void add_declaration(TSNode child, const Declaration& declaration, int start, const Scope& scope, int depth) {
    const bool is_type = declaration.role == NodeRole::container;
    auto symbol = declaration.name;
    if (!scope.symbol.empty()) symbol = scope.symbol + std::string(grammar_.separator(declaration.role)) + symbol;
    Section section{.kind = SectionKind::declaration, .first_line = start, .symbol = symbol};
    if (!is_longer_than(limits_.max_lines, child)) {
      finder_.collect(child, scope.level, section.definitions);
      const bool has_members = section.definitions.size() > declaration.names.size();
      if (!is_type || !has_members || !is_longer_than(limits_.target_lines, child)) {
        add(std::move(section), scope);
        return;
      }
    }
    const bool is_function = declaration.role == NodeRole::function;
    const Scope inner{.group = ++groups_,
                      .symbol = symbol,
                      .level = is_function || scope.level == Level::local ? Level::local : Level::member,
                      .rest = is_function ? SectionKind::statement : SectionKind::filler};
    section.kind = SectionKind::header;
    section.definitions = declaration.names;
    add(std::move(section), inner);
    occupied_ = std::max(occupied_, first_line(child));
    const int inner_lines = last_line(declaration.node) - first_line(declaration.node);
    const bool is_most = 2 * inner_lines > last_line(child) - first_line(child);
    visit(is_most ? declaration.node : child, inner, {}, depth + 1);
  }

  void add_rest(TSNode child, int start, const Scope& scope, int depth) {
    Section section{.kind = scope.rest, .first_line = start};
    const bool is_split = is_longer_than(limits_.max_lines, child);
    if (!is_split) finder_.collect(child, scope.level, section.definitions);
    add(std::move(section), scope);
    if (!is_split) return;
    occupied_ = std::max(occupied_, first_line(child));
    const bool is_opaque = grammar_.role(child) == NodeRole::opaque;
    Scope inner = scope;
    if (is_opaque) inner.level = Level::local;
    if (is_opaque) inner.rest = SectionKind::statement;
    visit(child, inner, {}, depth + 1);
  }

  bool is_longer_than(int most, TSNode node) const {
    const int first = first_line(node);
    const int last = std::min(last_line(node), lines_.count() - 1);
    return last - first + 1 > most || (last > first && lines_.bytes(first, last) > limits_.max_bytes);
  }

  /// Begins a section in `scope`, or adds the definitions to the one that has the line already.
  void add(Section section, const Scope& scope) {
    const bool is_new =
        section.first_line >= 0 && (sections_.empty() || section.first_line > sections_.back().first_line);
    if (is_new) {
      section.group = scope.group;
      section.enclosing = scope.symbol;
      if (section.symbol.empty()) section.symbol = scope.symbol;
      sections_.push_back(std::move(section));
    } else if (!sections_.empty()) {
      std::ranges::move(section.definitions, std::back_inserter(sections_.back().definitions));
    }
  }

  const Grammar& grammar_;
  DeclarationFinder finder_;
  const Lines& lines_;
  const ChunkLimits& limits_;
  std::vector<Section> sections_;
  int occupied_ = -1;
  int groups_ = 0;
};

}  // namespace

std::vector<Section> outline_syntax(const SyntaxTree& tree, std::string_view content, const Lines& lines,
                                    const ChunkLimits& limits) {
  if (!tree.is_parsed()) return {};
  return Outliner(tree.grammar(), content, lines, limits).run(tree.root());
}

}  // namespace codehelper
