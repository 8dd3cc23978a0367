// How much of a question stands in a name: in a file's path, or in the symbol that a chunk belongs to.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codehelper/index/vector_store.hpp"
#include "codehelper/index/word_hasher.hpp"

namespace codehelper {

class NameMatcher {
 public:
  /// `rarities` of the terms, in their order; missing ones count as 0.
  NameMatcher(const std::vector<QueryTerm>& terms, const std::vector<double>& rarities);

  /// The sum of weight times rarity of the question's words that are in the name.
  double match(std::string_view name);

 private:
  std::unordered_map<std::uint64_t, double> values_;  // by the word's hash
  WordHasher hasher_{WordHasher::kForLines};
  std::vector<std::uint64_t> matched_;  // words of the name that are in the question
};

}  // namespace codehelper
