// Lines of files that match a pattern.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"

namespace codehelper {

struct LineMatch {
  int line = 1;
  std::string text;  // without its line feed; 300 bytes at most

  bool operator==(const LineMatch&) const = default;
};

enum class PatternCase { matters, ignored };

/// A regular expression (Perl's, by Boost.Regex, which gives up on one that would take for ever), tried line by line.
class LinePattern {
 public:
  /// Errors: invalid_input, with the place of the fault.
  static Result<LinePattern> make(std::string_view pattern, PatternCase letter_case);
  ~LinePattern();
  LinePattern(LinePattern&&) noexcept;

  /// The first `limit` lines of `text` that match. Errors: invalid_input when the pattern is too costly for a line.
  Result<std::vector<LineMatch>> find(std::string_view text, std::size_t limit) const;

 private:
  struct Compiled;
  explicit LinePattern(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace codehelper
