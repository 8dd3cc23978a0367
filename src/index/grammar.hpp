// What the chunker knows of a language: its tree-sitter grammar and what each type of node means to an outline.
#pragma once

#include <tree_sitter/api.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

namespace codehelper {

enum class NodeRole : std::uint8_t {
  none,
  transparent,  // its children count as children of its parent: namespace, #ifdef, extern "C"
  wrapper,      // the declaration is inside: export, template, decorated definition
  container,    // a declaration with members: class, struct, impl
  function,
  type,      // another named declaration: alias, macro
  value,     // a variable; counts at top level, in a class only if it is a constant or a function
  attached,  // belongs to what follows: comment, decorator, attribute
  opaque,    // nothing in it is declared for others: lambda
};

struct NodeRule {
  std::string_view type;
  NodeRole role;
};

struct GrammarRules {
  std::string_view language;
  const TSLanguage* (*make)();
  std::string_view type_separator;    // between a scope and a type in it
  std::string_view member_separator;  // between a type and its function
  std::span<const NodeRule> nodes;
};

std::span<const GrammarRules> grammar_rules();

class Grammar {
 public:
  explicit Grammar(const GrammarRules& rules);

  std::string_view name() const { return rules_->language; }
  /// Whether "const" in a class makes a constant of the class, rather than a field that can't be assigned.
  bool has_constants_in_types() const { return name() == "csharp" || name() == "kotlin" || name() == "zig"; }
  /// With its tables, which the first call unpacks: some milliseconds and megabytes.
  const TSLanguage* language() const;
  std::string_view separator(NodeRole role) const {
    return role == NodeRole::container ? rules_->type_separator : rules_->member_separator;
  }
  NodeRole role(TSNode node) const {
    const std::size_t symbol = ts_node_symbol(node);
    return symbol < roles_.size() ? roles_[symbol] : NodeRole::none;  // an ERROR node has the number 65535
  }
  /// Whether a leaf of this type is a name.
  bool is_name(TSNode node) const {
    const std::size_t symbol = ts_node_symbol(node);
    return symbol < names_.size() && names_[symbol];
  }

 private:
  const GrammarRules* rules_;
  const TSLanguage* language_;
  std::unique_ptr<std::once_flag> unpacked_ = std::make_unique<std::once_flag>();
  std::vector<NodeRole> roles_;  // by symbol
  std::vector<bool> names_;      // by symbol
};

/// nullptr when there is none. The result lives as long as the process.
const Grammar* find_grammar(std::string_view language);

}  // namespace codehelper
