#include <algorithm>
#include <array>
#include <bitset>
#include <string>

#include "codehelper/base/text.hpp"
#include "secret_finders.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kLeastRandom = 16;

constexpr auto kPlaceholders = std::to_array<std::string_view>({
    "admin_password", "bar",      "baz",        "changeit", "changeme", "default",     "dummy",   "empty", "example",
    "fake",           "false",    "foo",        "foobar",   "hidden",   "key",         "masked",  "nil",   "none",
    "null",           "pass",     "passphrase", "passwd",   "password", "placeholder", "private", "pwd",   "redacted",
    "secret",         "string",   "tbd",        "test",     "testing",  "todo",        "token",   "true",  "undefined",
    "user",           "username",
});
constexpr auto kPlaceholderParts = std::to_array<std::string_view>({
    "your",
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "replace",
    "insert",
    "redacted",
    "xxxx",
    "dummy",
    "todo",
    "-here",
    "_here",
    "fixme",
    "not-a-",
    "not_a_",
});
// Something is put in here.
constexpr auto kTemplateParts =
    std::to_array<std::string_view>({"${", "$(", "{{", "}}", "#{", "%(", "<%", "...", "\xE2\x80\xA6", "[masked"});

struct Letters {
  std::size_t lower = 0;
  std::size_t upper = 0;
  std::size_t digits = 0;
  std::size_t others = 0;

  std::size_t letters() const { return lower + upper; }
  int kinds() const { return (lower != 0) + (upper != 0) + (digits != 0) + (others != 0); }
};

Letters count_letters(std::string_view value) {
  Letters count;
  for (const char c : value) {
    if (is_lower(c)) {
      ++count.lower;
    } else if (is_upper(c)) {
      ++count.upper;
    } else if (is_digit(c)) {
      ++count.digits;
    } else {
      ++count.others;
    }
  }
  return count;
}

bool is_variable(std::string_view value) {
  if (value.size() < 2) return false;
  const auto is_name = [](std::string_view name) {
    return !name.empty() && !is_digit(name.front()) &&
           std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '_'; });
  };
  if (value.front() == '$') return is_name(value.substr(1));
  const bool is_wrapped =
      (value.front() == '%' && value.back() == '%') || (value.front() == '@' && value.back() == '@') ||
      (value.front() == '<' && value.back() == '>') || (value.front() == '{' && value.back() == '}') ||
      (value.front() == '[' && value.back() == ']');
  return is_wrapped || value == "%s" || value == "%v" || value == "%d";
}

bool is_uuid(std::string_view value) {
  if (value.size() != 36) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char lower = static_cast<char>(value[i] | 0x20);
    if (is_dash ? value[i] != '-' : !is_digit(value[i]) && (lower < 'a' || lower > 'f')) return false;
  }
  return true;
}

// Passwords as they are stored, and hashes that say so.
bool is_hash(std::string_view value) {
  constexpr auto kBegins = std::to_array<std::string_view>(
      {"$1$",     "$2a$",     "$2b$",    "$2y$",    "$5$",     "$6$",  "$y$",       "$argon2",
       "$pbkdf2", "$scrypt$", "pbkdf2_", "bcrypt",  "{SSHA",   "{SHA", "sha1:",     "sha1-",
       "sha256:", "sha256-",  "sha384-", "sha512:", "sha512-", "md5:", "SCRAM-SHA-"});
  return std::ranges::any_of(kBegins, [&](std::string_view begin) { return value.starts_with(begin); });
}

bool is_place(std::string_view value) {
  return value.starts_with('/') || value.starts_with("./") || value.starts_with("../") || value.starts_with("~/") ||
         value.contains("://");
}

bool is_hex(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return is_digit(c) || (lower >= 'a' && lower <= 'f');
  });
}

/// Per cent of the neighbours that are of different kinds; a word's capital and its next letter are no change.
std::size_t percent_of_changes(std::string_view value) {
  std::size_t pairs = 0;
  std::size_t changes = 0;
  for (std::size_t i = 1; i < value.size(); ++i) {
    const char before = value[i - 1];
    const char now = value[i];
    if (!is_alnum(before) || !is_alnum(now)) continue;
    ++pairs;
    const bool is_same = (is_lower(before) && is_lower(now)) || (is_upper(before) && is_upper(now)) ||
                         (is_digit(before) && is_digit(now)) || (is_upper(before) && is_lower(now));
    if (!is_same) ++changes;
  }
  return pairs == 0 ? 0 : 100 * changes / pairs;
}

/// Capitals and small letters in disorder; names of things have few capitals, constants few small letters.
bool is_disordered(std::string_view value, const Letters& count) {
  constexpr std::size_t kLeast = 24;
  return value.size() >= kLeast && count.others == 0 &&
         10 * std::min(count.lower, count.upper) >= 3 * count.letters() && percent_of_changes(value) >= 18;
}

/// No name in a program looks so: capitals, small letters and many digits in turns, or a sign between them.
bool is_wordless_password(std::string_view value) {
  constexpr std::size_t kLeast = 8;
  if (value.size() < kLeast || value.find_first_of("{}[]()<>\\./:-_+*%&=,;\"'") != std::string_view::npos) return false;
  const Letters count = count_letters(value);
  if (count.digits == 0 || count.letters() < 2) return false;
  const auto inner = value.substr(1, value.size() - 2);
  const bool has_inner_sign = inner.find_first_of("!@#$^~?") != std::string_view::npos && is_alnum(value.front());
  if (has_inner_sign || (value.ends_with('!') && count.kinds() == 4)) return true;
  return count.kinds() == 3 && count.others == 0 && count.digits >= 2 && percent_of_changes(value) >= 40;
}

/// Part of a hash or a key in hexadecimal digits, too short to be told from a word elsewhere.
bool is_short_hex_key(std::string_view value) {
  constexpr std::size_t kLeast = 12;
  const Letters count = count_letters(value);
  return value.size() >= kLeast && is_hex(value) && count.digits >= 3 && count.letters() >= 3 &&
         percent_of_changes(value) >= 22;
}

bool is_quoted_password(std::string_view value) {
  if (value.size() < 8 || value.find_first_of("{}[]()<>\\") != std::string_view::npos) return false;
  const Letters count = count_letters(value);
  if (looks_random(value)) return true;
  if (count.digits == 0 || count.letters() < 2) return false;
  return count.kinds() >= 3 || value.size() >= 10;
}

bool is_quoted_key(std::string_view value) {
  constexpr std::size_t kLeastMixed = 10;  // with all kinds of letters and digits
  if (value.find_first_of("{}[]()<>\\*?|^,;'\"") != std::string_view::npos) return false;
  if (looks_random(value) || is_short_hex_key(value)) return true;
  const Letters count = count_letters(value);
  const bool is_mixed = count.lower != 0 && count.upper != 0 && count.digits >= 2;
  if (is_mixed && value.size() >= kLeastMixed && value.size() < kLeastRandom) return true;
  if (value.size() < kLeastRandom) return false;
  if (is_disordered(value, count)) return true;
  if (count.digits < 2 || count.letters() < 4) return false;
  if (value.size() >= 2 * kLeastRandom && is_hex(value)) return true;
  return count.digits >= 4 && value.find_first_of("./:") == std::string_view::npos;
}

}  // namespace

bool looks_random(std::string_view value) {
  if (value.size() < kLeastRandom) return false;
  std::bitset<256> seen;
  for (const char c : value) seen.set(static_cast<unsigned char>(c));
  const Letters count = count_letters(value);
  if (seen.count() < 8 || count.letters() < 3 || 4 * count.others > value.size()) return false;
  if (count.digits >= 2) return percent_of_changes(value) >= 22;
  return value.size() >= 24 && count.lower != 0 && count.upper != 0 && percent_of_changes(value) >= 33;
}

bool is_placeholder(std::string_view value) {
  if (value.empty() || is_variable(value)) return true;
  if (value.find_first_not_of("xX*._-#?0") == std::string_view::npos) return true;
  const auto is_part_of = [](std::string_view whole) {
    return [whole](std::string_view part) { return whole.contains(part); };
  };
  if (std::ranges::any_of(kTemplateParts, is_part_of(value))) return true;
  if (looks_random(value)) return false;
  const std::string lower = to_lower_ascii(value);
  return std::ranges::find(kPlaceholders, lower) != kPlaceholders.end() ||
         std::ranges::any_of(kPlaceholderParts, is_part_of(lower));
}

bool is_secret_value(std::string_view value, SecretName name, ValuePlace place) {
  constexpr std::size_t kLeast = 3;
  if (name == SecretName::none || value.size() < kLeast || is_placeholder(value) || is_uuid(value)) return false;
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  if (std::ranges::any_of(value, is_blank) || is_hash(value)) return false;
  if (place == ValuePlace::plain && name == SecretName::password) return true;
  if (is_place(value)) return false;
  if (place == ValuePlace::bare) {
    return looks_random(value) ||
           (name == SecretName::password ? is_wordless_password(value) : is_short_hex_key(value));
  }
  return name == SecretName::password ? is_quoted_password(value) : is_quoted_key(value);
}

}  // namespace codehelper
