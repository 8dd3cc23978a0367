#include "excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "codehelper/base/text.hpp"

namespace codehelper {

std::string_view first_part(std::string_view text, std::size_t limit_bytes) {
  if (text.size() <= limit_bytes) return text;
  const std::size_t line_end = limit_bytes == 0 ? std::string_view::npos : text.rfind('\n', limit_bytes - 1);
  return text.substr(0, line_end == std::string_view::npos ? character_border(text, limit_bytes) : line_end + 1);
}

std::string_view last_part(std::string_view text, std::size_t limit_bytes) {
  if (text.size() <= limit_bytes) return text;
  std::size_t begin = text.size() - limit_bytes;
  // A line that begins just there is whole.
  const std::size_t line_end = text.find('\n', begin - 1);
  if (line_end != std::string_view::npos && line_end + 1 < text.size()) return text.substr(line_end + 1);
  while (begin < text.size() && is_utf8_continuation(text[begin])) ++begin;
  return text.substr(begin);
}

std::string make_code_block(std::string_view language, std::string_view text) {
  std::size_t longest = 2;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fmt::format("{}{}\n{}{}{}\n", fence, language, text, text.empty() || text.ends_with('\n') ? "" : "\n", fence);
}

std::string shorten(std::string_view text, std::size_t limit_bytes) {
  if (text.size() <= limit_bytes) return std::string(text);
  const std::size_t shown = character_border(text, limit_bytes);
  return fmt::format("{}… ({} bytes left out)", text.substr(0, shown), text.size() - shown);
}

}  // namespace codehelper
