#include "name_match.hpp"

#include <algorithm>

namespace codehelper {

NameMatcher::NameMatcher(const std::vector<QueryTerm>& terms, const std::vector<double>& rarities) {
  for (std::size_t i = 0; i < std::min(terms.size(), rarities.size()); ++i) {
    values_.emplace(hash_word(terms[i].text), terms[i].weight * rarities[i]);
  }
}

double NameMatcher::match(std::string_view name) {
  matched_.clear();
  double sum = 0;
  for (const std::uint64_t word : hasher_.hash_words(name)) {
    const auto found = values_.find(word);
    if (found == values_.end() || std::ranges::find(matched_, word) != matched_.end()) continue;
    matched_.push_back(word);
    sum += found->second;
  }
  return sum;
}

}  // namespace codehelper
