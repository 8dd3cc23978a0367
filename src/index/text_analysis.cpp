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
  std::vector<std::string> parts;
  IdentifierScanner scanner(text);
  while (const auto identifier = scanner.next()) {
    if (identifier->size() > kMaxWordBytes) continue;
    split_identifier(*identifier, parts);
    if (parts.empty() || is_lone_letter(parts)) continue;
    std::string whole;
    if (parts.size() > 1) whole = join(parts);
    for (std::string& part : parts) {
      stem_part(part);
      words.push_back(part);
    }
    for (std::size_t i = 1; i < parts.size(); ++i) words.push_back(parts[i - 1] + parts[i]);
    if (parts.size() > 1 && whole != words.back()) words.push_back(std::move(whole));
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
