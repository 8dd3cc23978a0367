#include "codehelper/index/text_analysis.hpp"

#include <algorithm>
#include <iterator>

#include "codehelper/base/text.hpp"
#include "identifier.hpp"

namespace codehelper {

std::vector<std::string> analyze_text(std::string_view text) {
  std::vector<std::string> words;
  IdentifierScanner scanner(text);
  while (const auto identifier = scanner.next()) std::ranges::move(make_words(*identifier), std::back_inserter(words));
  return words;
}

std::string definition_term(std::string_view name) {
  std::vector<std::string> parts;
  split_identifier(name, parts);
  return "=" + join_parts(parts);
}

std::string file_name_term(std::string_view name) {
  return "/" + to_lower_ascii(name);
}

}  // namespace codehelper
