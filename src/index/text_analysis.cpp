#include "codehelper/index/text_analysis.hpp"

#include "codehelper/base/text.hpp"
#include "identifier.hpp"

namespace codehelper {
namespace {

/// A lone letter says nothing; a lone digit may ("python 3").
bool is_lone_letter(const std::vector<std::string>& parts) {
  return parts.size() == 1 && parts[0].size() == 1 && parts[0][0] >= 'a' && parts[0][0] <= 'z';
}

std::string join(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += part;
  return joined;
}

}  // namespace

std::vector<std::string> analyze_text(std::string_view text) {
  std::vector<std::string> words;
  words.reserve(text.size() / 5);
  const auto add = [&](std::string word) {
    if (word.size() <= kMaxWordBytes) words.push_back(std::move(word));
  };
  std::vector<std::string> parts;
  IdentifierScanner scanner(text);
  while (const auto identifier = scanner.next()) {
    split_identifier(*identifier, parts);
    if (parts.empty() || is_lone_letter(parts) || is_data(*identifier, parts)) continue;
    std::string whole;
    if (parts.size() > 1) whole = join(parts);
    for (std::string& part : parts) {
      stem_part(part);
      add(part);
    }
    for (std::size_t i = 1; i < parts.size(); ++i) add(parts[i - 1] + parts[i]);
    const bool is_pair = parts.size() == 2 && whole == parts[0] + parts[1];
    if (parts.size() > 1 && !is_pair) add(std::move(whole));
  }
  return words;
}

std::string definition_term(std::string_view name) {
  std::vector<std::string> parts;
  split_identifier(name, parts);
  return "=" + join(parts);
}

std::string file_name_term(std::string_view name) {
  return "/" + to_lower_ascii(name);
}

}  // namespace codehelper
