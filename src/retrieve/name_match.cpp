#include "name_match.hpp"

#include <algorithm>

namespace codehelper {

NameMatcher::NameMatcher(const std::vector<QueryTerm>& terms, const std::vector<double>& rarities) {
  for (std::size_t i = 0; i < std::min(terms.size(), rarities.size()); ++i) {
    values_.emplace(hash_word(terms[i].text), terms[i].weight * rarities[i]);
  }
}

double NameMatcher::match(std::string_view name) {
  const auto hashes = hasher_.hash_words(name);
  words_.assign(hashes.begin(), hashes.end());
  std::ranges::sort(words_);
  const auto repeated = std::ranges::unique(words_);
  words_.erase(repeated.begin(), repeated.end());
  double sum = 0;
  for (const std::uint64_t word : words_) {
    const auto found = values_.find(word);
    if (found != values_.end()) sum += found->second;
  }
  return sum;
}

}  // namespace codehelper
