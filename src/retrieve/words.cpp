#include "words.hpp"

#include <algorithm>

namespace codehelper {

std::vector<std::string_view> split_words(std::string_view text, std::size_t most) {
  constexpr std::string_view kBlank = " \t\r\n";
  std::vector<std::string_view> words;
  for (std::size_t begin = text.find_first_not_of(kBlank); begin != std::string_view::npos && words.size() < most;) {
    const std::size_t end = std::min(text.find_first_of(kBlank, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBlank, end);
  }
  return words;
}

}  // namespace codehelper
