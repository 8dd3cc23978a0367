#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "codehelper/base/base64.hpp"
#include "codehelper/base/text.hpp"
#include "secret_finders.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kLongestJudged = 160;   // of a value; a longer one is judged by its begin
constexpr std::size_t kLongestQuoted = 4096;  // what goes on longer is no quoted value
constexpr std::size_t kLookBack = 200;

bool is_name_byte(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}
bool is_quote(char c) {
  return c == '"' || c == '\'' || c == '`';
}
bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// A name in the text and where the reading of what follows it has come to.
struct Cursor {
  std::string_view text;
  std::size_t begin;  // of the name
  std::size_t end;    // of the name
  std::size_t at;

  char peek(std::size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }
  char before_name() const { return begin == 0 ? '\n' : text[begin - 1]; }
  std::size_t skip_spaces() {
    const std::size_t from = at;
    while (is_space(peek())) ++at;
    return at - from;
  }
  bool skip(std::string_view wanted) {
    if (!text.substr(at).starts_with(wanted)) return false;
    at += wanted.size();
    return true;
  }
  std::string_view line_before_name() const {
    const std::size_t from = begin - std::min(begin, kLookBack);
    const auto before = text.substr(from, begin - from);
    return before.substr(before.rfind('\n') + 1);
  }
};

/// What no value without quotes goes over.
bool ends_value(char c) {
  return static_cast<unsigned char>(c) <= ' ' || is_quote(c) || c == '\\';
}

struct Value {
  std::size_t begin;
  std::size_t end;
  ValuePlace place;
};

// The value is in quotes: b"…", """…""", and \"…\" of a text that is itself quoted.
std::optional<Value> read_quoted(Cursor cursor) {
  const std::size_t start = cursor.at;
  while (cursor.at < start + 2 && std::string_view("bBrRuUfFL@$").contains(cursor.peek()) && cursor.peek() != '\0') {
    ++cursor.at;
  }
  const bool is_escaped = cursor.peek() == '\\';
  if (is_escaped) ++cursor.at;
  const char quote = cursor.peek();
  if (!is_quote(quote)) return std::nullopt;
  ++cursor.at;
  if (!is_escaped && cursor.peek() == quote && cursor.peek(1) == quote) cursor.at += 2;
  const std::size_t begin = cursor.at;
  const auto rest = cursor.text.substr(begin, kLongestQuoted);
  std::size_t length = 0;
  while (length < rest.size() && rest[length] != '\n' && rest[length] != quote) {
    if (rest[length] == '\\') {
      if (is_escaped) break;
      ++length;  // and what it escapes
    }
    ++length;
  }
  length = std::min(length, rest.size());
  if (length == kLongestQuoted) return std::nullopt;
  return Value{begin, begin + length, ValuePlace::quoted};
}

std::optional<Value> read_until(const Cursor& cursor, std::string_view ends, ValuePlace place) {
  const auto is_end = [&](char c) { return static_cast<unsigned char>(c) <= ' ' || is_quote(c) || ends.contains(c); };
  std::size_t end = cursor.at;
  while (end < cursor.text.size() && end - cursor.at < kLongestJudged && !is_end(cursor.text[end])) ++end;
  if (end == cursor.at) return std::nullopt;
  return Value{cursor.at, end, place};
}

// "Server=db;User Id=app;" or "host=db user=app " stands before the name.
bool is_connection_string(const Cursor& cursor) {
  constexpr std::string_view kParts[] = {
      "server=", "host=", "data source=", "user id=", "uid=", "username=", "database=", "dbname=", "user=", "jdbc:"};
  const char before = cursor.before_name();
  if (before != ';' && !is_space(before)) return false;
  if (cursor.begin >= 2 && cursor.text[cursor.begin - 2] == ',') return false;  // arguments of a call
  const std::string line = to_lower_ascii(cursor.line_before_name());
  return std::ranges::any_of(kParts, [&](std::string_view part) { return line.contains(part); });
}

bool is_netrc(const Cursor& cursor) {
  const std::size_t from = cursor.begin - std::min(cursor.begin, kLookBack);
  const auto before = cursor.text.substr(from, cursor.begin - from);
  return before.contains("login ") && (before.contains("machine ") || before.contains("default "));
}

// Nothing but the name, its separator and one word is in the line: a setting in YAML, INI or properties.
bool is_whole_line(const Cursor& cursor, std::size_t value_end) {
  const auto before = cursor.line_before_name();
  const auto may_lead = [](char c) { return is_name_byte(c) || is_space(c) || c == '.' || is_quote(c) || c == '+'; };
  if (!std::ranges::all_of(before, may_lead)) return false;
  std::size_t end = value_end;
  while (end < cursor.text.size() && (is_space(cursor.text[end]) || cursor.text[end] == '\r')) ++end;
  if (end == cursor.text.size() || cursor.text[end] == '\n' || cursor.text[end] == '\\') return true;
  return is_quote(cursor.text[end]) || (end > value_end && cursor.text[end] == '#');
}

// A word of a sentence or of code.
std::optional<Value> read_word(const Cursor& cursor) {
  auto word = read_until(cursor, ",;&<>(){}[]|\\", ValuePlace::bare);
  if (!word) return std::nullopt;
  const char next = word->end < cursor.text.size() ? cursor.text[word->end] : '\0';
  const bool is_call = next == '(' || next == '[' || next == '<';
  if (is_call) return std::nullopt;
  while (word->end > word->begin + 1 && cursor.text[word->end - 1] == '.') --word->end;
  return word;
}

// No quotes are around the value.
std::optional<Value> read_bare(const Cursor& cursor, std::string_view separator) {
  const bool is_joined = cursor.at == cursor.end + 1 && separator == "=";
  const char before = cursor.before_name();
  if (is_joined && (before == '?' || before == '&')) return read_until(cursor, "&#<>()\\", ValuePlace::plain);
  if (is_joined && is_connection_string(cursor)) return read_until(cursor, ";&<>,()\\", ValuePlace::plain);
  const auto name = cursor.text.substr(cursor.begin, cursor.end - cursor.begin);
  if (is_joined && std::ranges::none_of(name, is_lower)) return read_until(cursor, "\\", ValuePlace::quoted);
  if (is_joined && name.starts_with("--")) return read_until(cursor, "\\", ValuePlace::quoted);
  auto line = read_until(cursor, "\\", ValuePlace::quoted);
  const bool is_setting = separator == "=" || separator == ":";
  if (line && is_setting && is_whole_line(cursor, line->end) && !cursor.text.substr(line->begin, 1).contains('&')) {
    const auto value = cursor.text.substr(line->begin, line->end - line->begin);
    if (value.find_first_of(",;(){}[]") == std::string_view::npos) return line;
  }
  return read_word(cursor);
}

// "=", ":", "=>", ":=", "==" and their like; empty when something else follows.
std::string_view read_separator(Cursor& cursor) {
  const std::size_t from = cursor.at;
  while (cursor.at < from + 3 && std::string_view("=:!?+|>").contains(cursor.peek()) && cursor.peek() != '\0') {
    ++cursor.at;
  }
  const auto separator = cursor.text.substr(from, cursor.at - from);
  return separator == ":" || separator.contains('=') ? separator : std::string_view();
}

// `name: type = "value"`
std::optional<Value> read_typed(Cursor cursor) {
  constexpr std::size_t kLongestType = 48;
  const std::size_t from = cursor.at;
  const auto in_type = [](char c) { return is_alnum(c) || std::string_view("_<>[]&*|?.: '").contains(c); };
  while (cursor.at < from + kLongestType && cursor.peek() != '\0' && in_type(cursor.peek())) ++cursor.at;
  if (cursor.at == from || !cursor.skip("=")) return std::nullopt;
  cursor.skip_spaces();
  return read_quoted(cursor);
}

// Behind a separator.
std::optional<Value> read_assigned(Cursor cursor, std::string_view separator) {
  cursor.skip_spaces();
  if (auto quoted = read_quoted(cursor)) {
    if (cursor.at == cursor.end + 1 && is_connection_string(cursor)) quoted->place = ValuePlace::plain;
    return quoted;
  }
  if (cursor.peek() == '\n') {
    ++cursor.at;
    cursor.skip_spaces();
    return read_quoted(cursor);
  }
  if (separator == ":") {
    if (auto typed = read_typed(cursor)) return typed;
  }
  const bool is_comparison = separator == "==" || separator == "===" || separator == "!=" || separator == "!==";
  return is_comparison ? std::nullopt : read_bare(cursor, separator);
}

// Behind blanks only: `--password x`, `#define PASSWORD "x"`, .netrc, "the password is x", and the attribute or entry
// named value that follows the one with the name.
std::optional<Value> read_separated(Cursor cursor) {
  const auto name = cursor.text.substr(cursor.begin, cursor.end - cursor.begin);
  if (cursor.peek() != '`') {
    if (auto quoted = read_quoted(cursor)) return quoted;
  }
  if (name.starts_with("--")) return read_until(cursor, "\\", ValuePlace::quoted);
  if (name == "password" && is_netrc(cursor)) return read_until(cursor, "\\", ValuePlace::plain);
  if (cursor.skip("is ")) return read_word(cursor);
  if (cursor.peek() == '\r') ++cursor.at;
  if (cursor.peek() == '\n') ++cursor.at;
  cursor.skip_spaces();
  if (!cursor.skip("value")) return std::nullopt;
  cursor.skip_spaces();
  const auto separator = read_separator(cursor);
  if (separator.empty()) return std::nullopt;
  cursor.skip_spaces();
  if (auto quoted = read_quoted(cursor)) return quoted;
  return separator == ":" ? read_until(cursor, "\\", ValuePlace::quoted) : std::nullopt;
}

std::optional<Value> read_value(Cursor cursor) {
  if (cursor.before_name() == '<' && cursor.skip(">")) return read_until(cursor, "<\\", ValuePlace::quoted);
  cursor.skip("\\");
  const bool is_quoted_name = is_quote(cursor.peek());
  if (is_quoted_name) ++cursor.at;
  if (cursor.peek() == ']') ++cursor.at;
  const std::size_t spaces = cursor.skip_spaces();
  if (is_quoted_name && cursor.skip(",")) {
    cursor.skip_spaces();
    return read_quoted(cursor);
  }
  const auto separator = read_separator(cursor);
  if (!separator.empty()) return read_assigned(cursor, separator);
  const bool ends_line = cursor.peek() == '\n' || cursor.peek() == '\r';
  return spaces > 0 || ends_line ? read_separated(cursor) : std::nullopt;
}

// What stands behind the name of a scheme of HTTP's authentication.
std::optional<SecretSpan> find_credentials(std::string_view text, std::size_t end, std::string_view scheme) {
  const bool is_basic = scheme == "basic";
  if (!is_basic && scheme != "bearer" && scheme != "token") return std::nullopt;
  Cursor cursor{text, end, end, end};
  if (cursor.skip_spaces() == 0) return std::nullopt;
  const auto value = read_until(cursor, "\\,;<>(){}[]|:&", ValuePlace::quoted);
  if (!value) return std::nullopt;
  const auto credentials = text.substr(value->begin, value->end - value->begin);
  if (!is_basic) {
    if (scheme == "token" && !looks_random(credentials)) return std::nullopt;
    if (!is_secret_value(credentials, SecretName::key, ValuePlace::quoted)) return std::nullopt;
    return SecretSpan{value->begin, value->end, "bearer token"};
  }
  const auto plain = credentials.size() < 8 ? std::nullopt : decode_base64(credentials);
  if (!plain || !plain->contains(':')) return std::nullopt;
  const auto is_text = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7F'; };
  if (!std::ranges::all_of(*plain, is_text)) return std::nullopt;
  return SecretSpan{value->begin, value->end, "basic credentials"};
}

std::optional<SecretSpan> find_value(std::string_view text, std::size_t begin, std::size_t end, SecretName kind) {
  const auto value = read_value({text, begin, end, end});
  if (!value) return std::nullopt;
  const auto judged = text.substr(value->begin, value->end - value->begin);
  if (!is_secret_value(judged, kind, value->place)) return std::nullopt;
  std::size_t last = value->end;
  while (last < text.size() && judged.size() == kLongestJudged && !ends_value(text[last])) ++last;
  return SecretSpan{value->begin, last, kind == SecretName::password ? "password" : "secret"};
}

}  // namespace

void find_assigned_secrets(std::string_view text, SecretSpans& found) {
  std::size_t previous = 0;  // the begin of the word before
  for (std::size_t at = 0; at < text.size();) {
    if (!is_name_byte(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_name_byte(text[end])) ++end;
    const std::size_t begin = std::exchange(at, end);
    const std::size_t before = std::exchange(previous, begin);
    const auto word = text.substr(begin, end - begin);
    std::optional<SecretSpan> secret;
    if (word.size() <= 6) {
      const std::string lower = to_lower_ascii(word);
      secret = find_credentials(text, end, lower);
      // "API key", IDENTIFIED BY
      const bool is_second = (lower == "key" || lower == "by") && begin - before < 16 && before < begin;
      if (!secret && is_second) {
        secret = find_value(text, begin, end, judge_secret_name(text.substr(before, end - before)));
      }
    }
    if (!secret) {
      const SecretName kind = judge_secret_name(word);
      if (kind != SecretName::none) secret = find_value(text, begin, end, kind);
    }
    if (!secret) continue;
    at = secret->end;
    found.push_back(*secret);
  }
}

}  // namespace codehelper
