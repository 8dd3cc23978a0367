#include "name_match.hpp"

#include <algorithm>

#include "codehelper/index/text_analysis.hpp"

namespace codehelper {

NameMatcher::NameMatcher(const std::vector<QueryTerm>& terms, const std::vector<double>& rarities) {
  for (std::size_t i = 0; i < std::min(terms.size(), rarities.size()); ++i) {
    values_.emplace(terms[i].text, terms[i].weight * rarities[i]);
  }
}

double NameMatcher::match(std::string_view name) const {
  std::vector<std::string> words = analyze_text(name);
  std::ranges::sort(words);
  const auto repeated = std::ranges::unique(words);
  words.erase(repeated.begin(), repeated.end());
  double sum = 0;
  for (const std::string& word : words) {
    const auto found = values_.find(word);
    if (found != values_.end()) sum += found->second;
  }
  return sum;
}

}  // namespace codehelper
