#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "codehelper/base/text.hpp"
#include "secret_finders.hpp"

namespace codehelper {

namespace {

using Words = std::span<const std::string_view>;

constexpr auto kPasswordEndings = std::to_array<std::string_view>(
    {"password", "passwd", "passphrase", "passcode", "pwd", "dbpass", "userpass", "kennwort", "passwort"});
constexpr auto kPasswords = std::to_array<std::string_view>({"pass", "pw", "psw"});
constexpr auto kKeyEndings = std::to_array<std::string_view>(
    {"secret", "token", "apikey", "secretkey", "accesskey", "privatekey", "authkey", "credential", "credentials"});
constexpr auto kKeys = std::to_array<std::string_view>({"auth", "secrets", "sig", "jwt"});
// What kinds of "… key" are secret.
constexpr auto kBeforeKey = std::to_array<std::string_view>({
    "access",  "account", "admin",    "aes",     "api",     "app",          "application",
    "auth",    "client",  "consumer", "crypto",  "deploy",  "encryption",   "functions",
    "hmac",    "jwt",     "license",  "master",  "private", "root",         "secret",
    "service", "session", "shared",   "signing", "storage", "subscription", "write",
});
// A name with one of these is of something made from a secret, and public.
constexpr auto kPublic =
    std::to_array<std::string_view>({"checksum", "digest", "fingerprint", "hash", "hashed", "hashes", "md5", "pub",
                                     "public", "publishable", "sha", "sha1", "sha256", "sha512"});
// A name that ends so is of something about a secret.
constexpr auto kAbout = std::to_array<std::string_view>({
    "age",      "algorithm", "arn",     "at",          "budget",     "class",   "count",    "description", "dir",
    "encoding", "endpoint",  "env",     "error",       "expiration", "expires", "expiry",   "field",       "file",
    "filename", "format",    "header",  "hint",        "icon",       "id",      "ids",      "index",       "issuer",
    "kind",     "label",     "len",     "length",      "limit",      "manager", "message",  "msg",         "name",
    "names",    "path",      "pattern", "placeholder", "policy",     "prefix",  "provider", "ref",         "regex",
    "scope",    "selector",  "size",    "store",       "suffix",     "symbol",  "title",    "ttl",         "type",
    "uri",      "url",       "var",     "version",
});
constexpr std::size_t kLongestName = 80;
constexpr std::size_t kMostParts = 12;

bool is_one_of(Words words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}
bool ends_in_one_of(Words endings, std::string_view word) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return word.ends_with(ending); });
}

/// "dbPassword", "DB_PASSWORD2" and "db-password" are "db_password".
std::string join_parts(std::string_view name) {
  std::string joined;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool begins_part =
        i > 0 && is_upper(name[i]) && (!is_upper(name[i - 1]) || (i + 1 < name.size() && is_lower(name[i + 1])));
    if (begins_part) joined += '_';
    joined += is_alnum(name[i]) ? name[i] : '_';
  }
  return to_lower_ascii(joined);
}

std::string_view without_number(std::string_view part) {
  while (part.size() > 1 && is_digit(part.back())) part.remove_suffix(1);
  return part;
}

// Cheap: whether judging the name can give anything.
bool has_stem(std::string_view name) {
  constexpr auto kStems = std::to_array<std::string_view>(
      {"pas", "pwd", "psw", "pw", "sec", "tok", "key", "aut", "cre", "sig", "jwt", "ken", "by"});
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    const char first = static_cast<char>(name[i] | 0x20);
    if (!std::string_view("pstkacjb").contains(first)) continue;
    const auto begins_here = [&](std::string_view stem) {
      if (stem.size() > name.size() - i) return false;
      return std::ranges::equal(stem, name.substr(i, stem.size()),
                                [](char wanted, char got) { return wanted == static_cast<char>(got | 0x20); });
    };
    if (std::ranges::any_of(kStems, begins_here)) return true;
  }
  return false;
}

}  // namespace

SecretName judge_secret_name(std::string_view name) {
  if (name.size() > kLongestName || !has_stem(name)) return SecretName::none;
  const std::string joined = join_parts(name);
  std::array<std::string_view, kMostParts> parts;
  std::size_t count = 0;
  for (std::string_view rest = joined; !rest.empty() && count < kMostParts;) {
    const std::size_t end = std::min(rest.find('_'), rest.size());
    const std::string_view part = rest.substr(0, end);
    if (!part.empty()) parts[count++] = is_one_of(kPublic, part) ? part : without_number(part);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const std::span<const std::string_view> used(parts.data(), count);
  if (count == 0 || is_one_of(kAbout, used.back())) return SecretName::none;
  if (std::ranges::any_of(used, [](std::string_view part) { return is_one_of(kPublic, part); })) {
    return SecretName::none;
  }
  SecretName kind = SecretName::none;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view part = used[i];
    const std::string_view before = i == 0 ? std::string_view() : used[i - 1];
    const bool is_password = ends_in_one_of(kPasswordEndings, part) || is_one_of(kPasswords, part);
    if (is_password || (before == "identified" && part == "by")) return SecretName::password;
    const bool is_key = ends_in_one_of(kKeyEndings, part) || is_one_of(kKeys, part) ||
                        (part == "key" && is_one_of(kBeforeKey, before)) || (before == "amz" && part == "signature");
    if (is_key) kind = SecretName::key;
  }
  return kind;
}

}  // namespace codehelper
