#include "codehelper/index/path_mentions.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace codehelper {
namespace {

constexpr std::size_t kMaxMentions = 200;  // more are a log or a listing, not a question

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_path_character(char c) {
  return is_alphanumeric(c) || c == '/' || c == '.' || c == '_' || c == '-' || c == '+' || c == '\\' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// "util/x.cc", "x.py", "Makefile.am"; not "e.g.", "1.2.3", "a.b.c" of a long tail.
bool is_path(std::string_view token) {
  constexpr std::size_t kLongestExtension = 5;
  const std::string_view name = token.substr(token.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view extension = name.substr(dot + 1);
  return !extension.empty() && extension.size() <= kLongestExtension &&
         std::ranges::all_of(extension, is_alphanumeric) &&
         std::ranges::any_of(extension, [](char c) { return c >= 'a' && c <= 'z'; });
}

/// The line number after a path: `:12`, `", line 12`, ` line 12`, `(12)`; 0 when there is none.
int read_line_number(std::string_view rest) {
  for (const std::string_view lead : {":", "\", line ", ", line ", " line ", "("}) {
    if (!rest.starts_with(lead)) continue;
    int line = 0;
    const std::string_view digits = rest.substr(lead.size());
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), line);
    return parsed.ec == std::errc() && line > 0 ? line : 0;
  }
  return 0;
}

/// Without the dots and slashes at its end, and without "/" and "./" before it.
std::string_view trim_path(std::string_view token) {
  token = token.substr(0, token.find_last_not_of("./") + 1);
  while (token.starts_with("./") || token.starts_with('/')) token.remove_prefix(token[0] == '/' ? 1 : 2);
  return token;
}

}  // namespace

std::vector<PathMention> find_path_mentions(std::string_view text) {
  std::vector<PathMention> mentions;
  std::set<std::pair<std::string_view, int>> seen;
  std::string slashed(text);
  std::ranges::replace(slashed, '\\', '/');
  for (std::size_t begin = 0; begin < text.size() && mentions.size() < kMaxMentions;) {
    if (!is_path_character(text[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < text.size() && is_path_character(text[end])) ++end;
    const std::string_view path = trim_path(std::string_view(slashed).substr(begin, end - begin));
    const int line = is_path(path) ? read_line_number(text.substr(end)) : 0;
    if (is_path(path) && seen.emplace(path, line).second) mentions.push_back({std::string(path), line});
    begin = end;
  }
  return mentions;
}

}  // namespace codehelper
