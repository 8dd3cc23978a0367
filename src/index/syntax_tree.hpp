// A file parsed by its grammar: what the outline and the symbols are read from.
#pragma once

#include <memory>
#include <string_view>

#include "grammar.hpp"
#include "parse_memory.hpp"

namespace codehelper {

class SyntaxTree {
 public:
  /// Nothing in it when the language has no grammar, or parsing takes longer than two seconds.
  static SyntaxTree parse(std::string_view language, std::string_view content);

  bool is_parsed() const { return memory_ != nullptr && tree_ != nullptr; }
  /// Only when parsed. The grammar lives as long as the process, the node as long as this.
  const Grammar& grammar() const { return *grammar_; }
  TSNode root() const { return ts_tree_root_node(tree_); }

 private:
  const Grammar* grammar_ = nullptr;
  std::unique_ptr<ParseMemory> memory_;
  const TSTree* tree_ = nullptr;  // in memory_, with which it goes
};

}  // namespace codehelper
