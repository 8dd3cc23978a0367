// Files of ignore rules with any bytes: the rule that is told is a line of the file, and the last that speaks decides.
// The first line is a path. That git takes the rules the same way is tested with git (ignore_rules_test.cpp).
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ignore_rules.hpp"

using namespace codehelper;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// A pattern that names exactly this path from the top.
std::string quote(std::string_view path) {
  std::string pattern = "/";
  for (const char c : path) pattern.append("\\").append(1, c);
  return pattern;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view path = text.substr(0, text.find('\n'));
  const std::string content(text.substr(std::min(path.size() + 1, text.size())));
  for (const LetterCase letter_case : {LetterCase::matters, LetterCase::ignored}) {
    const IgnoredPath ignored{path, (size & 1U) != 0};
    const IgnoreFile file(".gitignore", "", content, letter_case);
    const IgnorePattern* found = file.find(ignored);
    if (found != nullptr) require(found->line >= 1 && content.contains(found->written));
    IgnoreRules rules;
    rules.push(file);
    const auto rule = rules.ignoring_rule(ignored);
    require(rule.has_value() == (found != nullptr && !found->is_negated));
    // A path as rules can name it: no slash at an end, and none next to another.
    const bool is_plain = !path.empty() && !path.starts_with('/') && !path.ends_with('/') && !path.contains("//") &&
                          !path.contains('\0') && !path.contains('\r');
    if (!is_plain) continue;
    rules.push(IgnoreFile("own", "", quote(path) + "\n", letter_case));
    require(rules.ignoring_rule(ignored).has_value());
    rules.push(IgnoreFile("own", "", "!" + quote(path) + "\n", letter_case));
    require(!rules.ignoring_rule(ignored));
  }
  return 0;
}
