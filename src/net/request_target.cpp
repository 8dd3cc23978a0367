#include "request_target.hpp"

#include <algorithm>
#include <optional>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

std::optional<unsigned> hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A' + 10);
  return std::nullopt;
}

/// Takes scheme and authority off the front of "http://host/path?query"; nothing when it has no scheme.
std::optional<std::string> take_authority(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (to_lower_ascii(target.substr(0, scheme.size())) != scheme) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?#"), target.size());
    std::string authority(target.substr(0, end));
    target.remove_prefix(end);
    return authority;
  }
  return std::nullopt;
}

Result<std::string> decode_query_text(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

Result<std::map<std::string, std::string>> parse_query(std::string_view query) {
  std::map<std::string, std::string> fields;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;

    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode_query_text(pair.substr(0, equals));
    auto value = decode_query_text(pair.substr(std::min(equals + 1, pair.size())));
    if (!name) return std::unexpected(name.error());
    if (!value) return std::unexpected(value.error());
    fields.insert_or_assign(std::move(*name), std::move(*value));
  }
  return fields;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const bool is_cut = i + 2 >= text.size();
    const auto high = is_cut ? std::nullopt : hex_value(text[i + 1]);
    const auto low = is_cut ? std::nullopt : hex_value(text[i + 2]);
    if (!high || !low) {
      return fail(ErrorCode::malformed, "a percent sign in the request target lacks its two hexadecimal digits");
    }
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

Result<RequestTarget> parse_request_target(std::string_view target) {
  std::string_view local = target;
  RequestTarget parsed;
  parsed.authority = take_authority(local);
  if (parsed.authority && parsed.authority->empty()) return fail(ErrorCode::malformed, "the URL has no host");
  if (!parsed.authority && !local.starts_with('/') && local != "*") {
    return fail(ErrorCode::malformed, "the request target must begin with a slash");
  }
  const std::size_t path_end = std::min(local.find_first_of("?#"), local.size());
  const std::size_t query_end = std::min(local.find('#'), local.size());

  parsed.raw_path = path_end == 0 ? "/" : std::string(local.substr(0, path_end));
  auto path = percent_decode(parsed.raw_path);
  if (!path) return std::unexpected(path.error());
  if (path->find('\0') != std::string::npos) return fail(ErrorCode::malformed, "the path contains a NUL");
  parsed.path = std::move(*path);

  if (path_end < query_end) {
    auto query = parse_query(local.substr(path_end + 1, query_end - path_end - 1));
    if (!query) return std::unexpected(query.error());
    parsed.query = std::move(*query);
  }
  return parsed;
}

}  // namespace codehelper
