#include "grep.hpp"

#include <fmt/format.h>
#include <boost/regex.hpp>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kLineBytes = 300;        // shown of a line
constexpr std::size_t kReadLineBytes = 16384;  // a longer line is no source

bool is_plain(std::string_view pattern) {
  return pattern.find_first_of("\\^$.|?*+()[]{}") == std::string_view::npos;
}

}  // namespace

struct LinePattern::Compiled {
  boost::regex expression;
  std::string literal;  // that every match holds; empty = not known
};

LinePattern::LinePattern(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
LinePattern::~LinePattern() = default;
LinePattern::LinePattern(LinePattern&&) noexcept = default;

Result<LinePattern> LinePattern::make(std::string_view pattern, PatternCase letter_case) {
  auto compiled = std::make_unique<Compiled>();
  const bool folds = letter_case == PatternCase::ignored;
  try {
    constexpr boost::regex::flag_type kPerl = boost::regex::perl;
    const boost::regex::flag_type flags = folds ? kPerl | boost::regex::flag_type{boost::regex::icase} : kPerl;
    compiled->expression.assign(pattern.begin(), pattern.end(), flags);
  } catch (const boost::regex_error& error) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("the pattern is no regular expression: {} (put a \\ before a character that is meant itself)",
                    error.what()));
  }
  if (is_plain(pattern) && !folds) compiled->literal = pattern;
  return LinePattern(std::move(compiled));
}

Result<std::vector<LineMatch>> LinePattern::find(std::string_view text, std::size_t limit) const {
  std::vector<LineMatch> matches;
  if (!compiled_->literal.empty() && text.find(compiled_->literal) == std::string_view::npos) return matches;
  int number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    if (matches.size() == limit) break;
    if (line.size() > kReadLineBytes) continue;
    try {
      if (!boost::regex_search(line.begin(), line.end(), compiled_->expression)) continue;
    } catch (const std::runtime_error&) {
      return fail(ErrorCode::invalid_input, "the pattern takes too long; make it simpler");
    }
    matches.push_back({number, std::string(line.substr(0, character_border(line, std::min(kLineBytes, line.size()))))});
  }
  return matches;
}

}  // namespace codehelper
