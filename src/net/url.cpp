#include "codehelper/base/text.hpp"
#include "codehelper/net/http_client.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace codehelper {
namespace {

bool is_visible_ascii(char c) {
  return c > ' ' && c < '\x7f';
}

/// The text as it may be shown: without what may be a user, a password or a key in a query.
std::string redact(std::string_view text) {
  std::string shown(text.substr(0, text.find_first_of("?#")));
  const auto scheme_end = shown.find("://");
  const auto start = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  const auto at = text.rfind('@');
  if (at != std::string_view::npos && at >= start) {
    const auto rest = at < shown.size() ? shown.substr(at + 1) : std::string();
    shown = shown.substr(0, start) + rest;
  }
  std::ranges::replace_if(shown, [](char c) { return !is_visible_ascii(c); }, '?');
  return shown;
}

std::unexpected<Error> refuse(std::string_view text, std::string_view reason) {
  return fail(ErrorCode::invalid_input, fmt::format("\"{}\" is no usable URL: {}", redact(text), reason));
}

std::string default_port(std::string_view scheme) {
  return scheme == "https" ? "443" : "80";
}

std::optional<std::string> parse_port(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0 || number > 65'535) return std::nullopt;
  return std::to_string(number);
}

bool is_host_name(std::string_view host) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, allowed);
}

struct Authority {
  std::string_view host;
  std::string_view after_host;  // "" or ":port"
  bool is_ipv6 = false;
};

std::optional<Authority> split_authority(std::string_view authority) {
  if (!authority.starts_with('[')) {
    const auto colon = std::min(authority.find(':'), authority.size());
    return Authority{authority.substr(0, colon), authority.substr(colon), false};
  }
  const auto close = authority.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  return Authority{authority.substr(1, close - 1), authority.substr(close + 1), true};
}

}  // namespace

std::string Url::host_header() const {
  std::string header = host.contains(':') ? "[" + host + "]" : host;
  if (port != default_port(scheme)) header += ":" + port;
  return header;
}

Result<Url> parse_url(std::string_view text) {
  if (!std::ranges::all_of(text, is_visible_ascii)) return refuse(text, "it contains blanks or other than ASCII");
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return refuse(text, "it does not begin with http:// or https://");

  Url url;
  url.scheme = to_lower_ascii(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") return refuse(text, "it does not begin with http:// or https://");
  const auto rest = text.substr(scheme_end + 3);
  if (rest.find_first_of("?#") != std::string_view::npos) return refuse(text, "a base URL has no query or fragment");
  const auto path_start = std::min(rest.find('/'), rest.size());
  if (rest.substr(0, path_start).contains('@')) {
    return refuse(text, "user and password are not supported, use the setting for the token");
  }

  const auto authority = split_authority(rest.substr(0, path_start));
  if (!authority) return refuse(text, "the bracket of its IPv6 address is not closed");
  url.host = to_lower_ascii(authority->host);
  boost::system::error_code not_ipv6;
  if (authority->is_ipv6) boost::asio::ip::make_address_v6(url.host, not_ipv6);
  if (not_ipv6) return refuse(text, "there is no IPv6 address between its brackets");
  if (!authority->is_ipv6 && !is_host_name(url.host)) return refuse(text, "its host name is empty or not valid");

  url.port = default_port(url.scheme);
  if (!authority->after_host.empty() && authority->after_host.front() != ':')
    return refuse(text, "a colon must follow");
  if (authority->after_host.size() > 1) {
    const auto port = parse_port(authority->after_host.substr(1));
    if (!port) return refuse(text, "its port is not a number from 1 to 65535");
    url.port = *port;
  }
  url.path = rest.substr(path_start);
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

}  // namespace codehelper
