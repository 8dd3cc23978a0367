#include <algorithm>

#include "secret_finders.hpp"

namespace codehelper {

namespace {

constexpr std::string_view kWhat = "private key";
constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kLongestLabel = 64;
constexpr std::size_t kLeastBody = 32;  // base64 in a row: code that only names the markers has none

struct Marker {
  std::size_t begin = 0;
  std::size_t end = 0;  // behind its dashes
  bool is_begin = false;
  bool is_private = false;
};

/// The marker of any PEM block at or after `at`; `begin` is the text's size when there is none.
Marker find_marker(std::string_view text, std::size_t at) {
  for (at = text.find(kDashes, at); at != std::string_view::npos; at = text.find(kDashes, at + 1)) {
    const auto rest = text.substr(at);
    const bool is_begin = rest.starts_with(kBegin);
    if (!is_begin && !rest.starts_with(kEnd)) continue;
    const std::size_t label = at + (is_begin ? kBegin : kEnd).size();
    const std::size_t length = text.substr(label, kLongestLabel).find(kDashes);
    if (length == std::string_view::npos) continue;
    const bool is_private = text.substr(label, length).contains("PRIVATE KEY");
    return {at, label + length + kDashes.size(), is_begin, is_private};
  }
  return {text.size(), text.size(), false, false};
}

bool has_key_bytes(std::string_view body) {
  std::size_t in_a_row = 0;
  for (const char c : body) {
    in_a_row = is_base64(c) ? in_a_row + 1 : 0;
    if (in_a_row == kLeastBody) return true;
  }
  return false;
}

/// Whether a line can be one of a key's, whatever stands before it (a diff's sign, a comment's) and behind it.
bool is_key_line(std::string_view line) {
  constexpr std::string_view kAround = " \t\r\"'`+#*/>|,;\\-n";
  const auto first = line.find_first_not_of(kAround);
  if (first == std::string_view::npos) return true;
  line = line.substr(first, line.find_last_not_of(kAround) - first + 1);
  if (line.starts_with("Proc-Type:") || line.starts_with("DEK-Info:")) return true;
  return !line.contains(' ') && std::ranges::all_of(line, is_base64);
}

/// The end of the key's lines from `at` on, before `limit`.
std::size_t extend_forward(std::string_view text, std::size_t at, std::size_t limit) {
  std::size_t end = at;
  for (std::size_t line = at; line <= limit;) {
    const std::size_t next = line + std::min(text.substr(line, limit - line).find('\n'), limit - line);
    if (!is_key_line(text.substr(line, next - line))) break;
    end = next;
    line = next + 1;
  }
  return end;
}

/// The begin of the key's lines before the marker at `at`, not before `limit`.
std::size_t extend_backward(std::string_view text, std::size_t at, std::size_t limit) {
  std::size_t begin = at;
  for (std::size_t line_end = at; line_end > limit;) {
    const auto before = text.substr(limit, line_end - limit);
    const std::size_t feed = before.rfind('\n');
    const std::size_t line = feed == std::string_view::npos ? 0 : feed + 1;
    if (!is_key_line(before.substr(line))) break;
    begin = limit + line;
    if (feed == std::string_view::npos) break;
    line_end = limit + feed;
  }
  return begin;
}

}  // namespace

void find_private_keys(std::string_view text, SecretSpans& found) {
  std::size_t done = 0;
  for (Marker marker = find_marker(text, 0); marker.begin < text.size();) {
    const Marker next = find_marker(text, marker.end);
    if (!marker.is_private) {
      done = marker.end;
    } else if (marker.is_begin) {
      const bool is_closed = next.begin < text.size() && !next.is_begin;
      std::size_t end = is_closed ? next.end : extend_forward(text, marker.end, next.begin);
      const auto body = text.substr(marker.end, (is_closed ? next.begin : end) - marker.end);
      if (has_key_bytes(body)) found.push_back({marker.begin, end, kWhat});
      done = is_closed ? next.end : std::max(end, marker.end);
      if (is_closed) {
        marker = find_marker(text, next.end);
        continue;
      }
    } else {
      const std::size_t begin = extend_backward(text, marker.begin, done);
      if (has_key_bytes(text.substr(begin, marker.begin - begin))) found.push_back({begin, marker.end, kWhat});
      done = marker.end;
    }
    marker = next;
  }
}

}  // namespace codehelper
