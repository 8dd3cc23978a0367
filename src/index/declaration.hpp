// Finds what a node of a syntax tree declares, and its names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar.hpp"

namespace codehelper {

enum class Level { top, member, local };

struct Declaration {
  TSNode node;
  NodeRole role = NodeRole::none;
  std::string name;                // as written, maybe scoped: "HttpServer::start"
  std::vector<std::string> names;  // plain: {"start"}; empty when it only adds to something declared elsewhere (impl)
};

/// "const Server = struct { … }" in Zig: a variable that is a type.
bool holds_members(TSNode node);

class DeclarationFinder {
 public:
  /// `grammar` and the bytes of `source` outlive it.
  DeclarationFinder(const Grammar& grammar, std::string_view source) : grammar_(grammar), source_(source) {}

  /// What `node` declares, itself or wrapped in it.
  std::optional<Declaration> find(TSNode node, Level level, int depth = 0) const;
  /// What `node` itself declares.
  std::optional<Declaration> describe(TSNode node, Level level) const;
  /// Adds the plain names of all that is declared in `node` for others: not what is inside functions.
  void collect(TSNode node, Level level, std::vector<std::string>& names) const;

 private:
  std::vector<std::string> written_names(TSNode node, Level level) const;
  std::vector<std::string> declarator_names(TSNode node, Level level) const;
  std::vector<std::string> assigned_names(TSNode node) const;
  std::vector<std::string> list_assigned_names(TSNode node, Level level) const;
  bool counts_in_class(TSNode node) const;
  bool is_include_guard(TSNode node) const;
  std::string_view text(TSNode node) const;

  const Grammar& grammar_;
  std::string_view source_;
};

}  // namespace codehelper
