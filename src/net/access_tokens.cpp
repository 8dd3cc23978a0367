// What a tokens file says.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "codehelper/base/hash.hpp"
#include "codehelper/base/request_context.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/net/access.hpp"

namespace codehelper {

namespace {

constexpr std::string_view kHashMark = "sha256:";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kNameBytes = 64;

bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(separators, at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    pieces.push_back(text.substr(begin, end - begin));
    at = end;
  }
  return pieces;
}

/// A "#" inside of a word is none.
std::string_view without_comment(std::string_view line) {
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '#' && (at == 0 || is_one_of(line[at - 1], " \t"))) return line.substr(0, at);
  }
  return line;
}

bool is_hash(std::string_view text) {
  if (!text.starts_with(kHashMark)) return false;
  const std::string_view digits = text.substr(kHashMark.size());
  return digits.size() == kHashDigits && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Never says what stood there: it may be a token.
Result<AccessToken> parse_line(const std::vector<std::string_view>& words) {
  constexpr std::size_t kWords = 3;
  if (words.size() != kWords) {
    return fail(
        ErrorCode::invalid_input,
        "it must be NAME SCOPE,SCOPE sha256:DIGITS; codehelper token NAME --scopes read,chat makes such a line");
  }
  const auto named = check_token_name(words[0]);
  if (!named) return std::unexpected(named.error());
  const auto scopes = parse_scopes(words[1]);
  if (!scopes) return std::unexpected(scopes.error());
  if (!is_hash(words[2])) {
    return fail(ErrorCode::invalid_input,
                "the third word must be sha256: and 64 hexadecimal digits in lower case, the hash of the token and not "
                "the token itself");
  }
  return AccessToken{std::string(words[0]), *scopes, std::string(words[2].substr(kHashMark.size()))};
}

}  // namespace

std::string make_access_token() {
  return "ch_" + make_request_id() + make_request_id();
}

AccessToken describe_access_token(std::string_view name, ScopeSet scopes, std::string_view text) {
  return {std::string(name), scopes, sha256_hex(text)};
}

Result<void> check_token_name(std::string_view name) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
  const bool is_plain = name.find_first_not_of(kPlain) == std::string_view::npos;
  if (name.empty() || name.size() > kNameBytes || !is_plain) {
    return fail(ErrorCode::invalid_input, "a name must be 1 to 64 letters, digits, dots, dashes and underscores");
  }
  if (name == kEnvironmentTokenName || name == kOwnTokenName) {
    return fail(ErrorCode::invalid_input, fmt::format("the name {} is that of a token outside of the file", name));
  }
  return {};
}

Result<ScopeSet> parse_scopes(std::string_view text) {
  ScopeSet scopes;
  for (const std::string_view name : split(text, ",")) {
    const auto scope = parse_scope(name);
    if (!scope) {
      return fail(ErrorCode::invalid_input, "a scope is unknown; there are " + to_string(ScopeSet::all()));
    }
    scopes.add(*scope);
  }
  if (scopes.is_empty()) return fail(ErrorCode::invalid_input, "no scope; there are " + to_string(ScopeSet::all()));
  return scopes;
}

Result<std::vector<AccessToken>> parse_access_tokens(std::string_view text) {
  std::vector<AccessToken> tokens;
  std::vector<std::string> faults;
  std::map<std::string, std::size_t> names;   // and the lines where they stand
  std::map<std::string, std::size_t> hashes;  // the same
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    const auto words = split(without_comment(line), " \t\r");
    if (words.empty()) continue;
    auto token = parse_line(words);
    if (!token) {
      faults.push_back(fmt::format("line {}: {}", number, token.error().message));
      continue;
    }
    const auto [named, is_new_name] = names.emplace(token->name, number);
    const auto [hashed, is_new_hash] = hashes.emplace(token->sha256, number);
    if (!is_new_name) {
      faults.push_back(fmt::format("line {}: line {} has the name {} already", number, named->second, token->name));
    } else if (!is_new_hash) {
      faults.push_back(fmt::format("line {}: line {} has that token already", number, hashed->second));
    }
    tokens.push_back(std::move(*token));
  }
  if (!faults.empty()) return fail(ErrorCode::invalid_input, fmt::format("{}", fmt::join(faults, "\n")));
  return tokens;
}

std::string missing_scope_challenge(ScopeSet needed) {
  std::string scopes = to_string(needed);
  std::erase(scopes, ',');
  return fmt::format(R"(Bearer error="insufficient_scope", scope="{}")", scopes);
}

std::string format_access_token(const AccessToken& token) {
  std::string scopes = to_string(token.scopes);
  std::erase(scopes, ' ');
  return fmt::format("{} {} {}{}", token.name, scopes, kHashMark, token.sha256);
}

}  // namespace codehelper
