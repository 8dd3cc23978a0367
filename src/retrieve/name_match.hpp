// How much of a question stands in a name: in a file's path, or in the symbol that a chunk belongs to. Pure.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codehelper/index/vector_store.hpp"

namespace codehelper {

class NameMatcher {
 public:
  /// `rarities` of the terms, in their order; missing ones count as 0.
  NameMatcher(const std::vector<QueryTerm>& terms, const std::vector<double>& rarities);

  /// The sum of weight times rarity of the question's words that are in the name.
  double match(std::string_view name) const;

 private:
  std::unordered_map<std::string, double> values_;  // by word
};

}  // namespace codehelper
