// The searches that mask_secrets() is made of. Each is linear in the text and adds what it finds, in order; what two of
// them find may overlap.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace codehelper {

struct SecretSpan {
  std::size_t begin = 0;  // bytes [begin, end) of the text
  std::size_t end = 0;
  std::string_view what;  // "GitHub token"; a literal
};
using SecretSpans = std::vector<SecretSpan>;

/// Keys and tokens that show by their form what they are.
void find_known_tokens(std::string_view text, SecretSpans& found);
/// Private keys in PEM, also when only their beginning or their end is in the text.
void find_private_keys(std::string_view text, SecretSpans& found);
/// Passwords in URLs, and URLs that are secrets themselves.
void find_url_secrets(std::string_view text, SecretSpans& found);
/// Values that are given to names such as password, and credentials in Authorization headers.
void find_assigned_secrets(std::string_view text, SecretSpans& found);

enum class SecretName { none, password, key };
/// What a variable, field or option of this name holds. A password may be any text, a key is a random one.
SecretName judge_secret_name(std::string_view name);

/// How sure the place makes that a text is meant as it stands: a connection string and .netrc hold plain text only, a
/// quoted text may be a message, and a bare word may be a variable's name.
enum class ValuePlace { plain, quoted, bare };
/// Whether `value`, given to a name of that kind, is a secret, and no placeholder, name, path or message.
bool is_secret_value(std::string_view value, SecretName name, ValuePlace place);
/// "changeme", "<your key>", "${TOKEN}", "xxxx", "...": what people write where a secret goes.
bool is_placeholder(std::string_view value);
/// Letters and digits without an order that words have. False for texts under 16 bytes.
bool looks_random(std::string_view value);

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c);
}
constexpr bool is_base64(char c) {
  return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
}

/// Whether a word may begin at `at`: at the text's begin, after a byte that belongs to none, and after an escape
/// ("\n" in a JSON text, "%3D" in a URL).
bool begins_word(std::string_view text, std::size_t at);

}  // namespace codehelper
