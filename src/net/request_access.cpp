#include "request_access.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "codehelper/base/text.hpp"
#include "codehelper/net/access.hpp"

namespace codehelper {

namespace {

/// "[::1]:80" gives "::1", "localhost:80" gives "localhost"; lower case; empty when it is neither.
std::string host_name_of(std::string_view authority) {
  const bool is_bracketed = authority.starts_with('[');
  const std::size_t end = is_bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (end == std::string_view::npos) return {};
  const std::string_view name = is_bracketed ? authority.substr(1, end - 1) : authority.substr(0, end);
  std::string_view port = authority.substr(is_bracketed ? end + 1 : end);
  if (port.starts_with(':')) port.remove_prefix(1);
  if (port.find_first_not_of("0123456789") != std::string_view::npos) return {};
  return to_lower_ascii(name);
}

bool is_address(const std::string& name) {
  in6_addr address{};
  return ::inet_pton(AF_INET, name.c_str(), &address) == 1 || ::inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

bool is_own_host(const HttpServerOptions& options, std::string_view host) {
  if (options.host_names.empty()) return true;
  const std::string name = host_name_of(host);
  if (options.takes_any_address && is_address(name)) return true;
  return std::ranges::find(options.host_names, name) != options.host_names.end();
}

/// The port counts too: another port of this machine is another's page.
bool is_same_origin(std::string_view origin, std::string_view host) {
  const std::size_t scheme = origin.find("://");
  return scheme != std::string_view::npos && to_lower_ascii(origin.substr(scheme + 3)) == to_lower_ascii(host);
}

std::optional<std::string_view> shown_token(const HttpHeaders& headers) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view value = headers.find("Authorization").value_or("");
  if (to_lower_ascii(value.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  return value.substr(kScheme.size());
}

void count_refusal(Metrics& metrics, const char* reason) {
  metrics.count("codehelper_requests_refused_total",
                "Requests that were refused for where they came from or for their token.", {{"reason", reason}});
}

HttpReply ask_for_token(std::string_view message, std::string_view request_id) {
  HttpReply reply = make_error_reply({ErrorCode::unauthorized, std::string(message)}, request_id);
  reply.headers.add("WWW-Authenticate", "Bearer");
  return reply;
}

}  // namespace

std::optional<HttpReply> refuse_foreign_page(const HttpServerOptions& options, const HttpRequest& request,
                                             std::string_view request_id, Metrics& metrics) {
  const auto host = request.headers.find("Host");
  // Only HTTP/1.0 goes without, and no browser speaks that.
  if (host && !is_own_host(options, *host)) {
    count_refusal(metrics, "foreign_host");
    return make_error_reply({ErrorCode::forbidden,
                             "this server is not called by that Host; if it is, CODEHELPER_ALLOWED_HOSTS must name it"},
                            request_id);
  }
  const auto origin = request.headers.find("Origin");
  const std::string_view site = request.headers.find("Sec-Fetch-Site").value_or("");
  // A browser knows it better than Host does, which a proxy may have changed. Pages can't set this field.
  if (site == "same-origin") return std::nullopt;
  const bool is_foreign_origin = origin && !is_same_origin(*origin, host.value_or(""));
  const bool is_from_elsewhere = site == "cross-site" || site == "same-site";
  const bool is_visit = (request.method == "GET" || request.method == "HEAD") &&
                        request.headers.find("Sec-Fetch-Mode").value_or("") == "navigate";
  if (!is_foreign_origin && (!is_from_elsewhere || is_visit)) return std::nullopt;
  count_refusal(metrics, "foreign_page");
  return make_error_reply({ErrorCode::forbidden, "pages of another origin may not ask this server"}, request_id);
}

std::optional<Caller> identify_caller(const HttpServerOptions& options, const HttpHeaders& headers) {
  if (options.access == nullptr) return std::nullopt;
  const auto token = shown_token(headers);
  return token ? options.access->identify(*token) : std::nullopt;
}

std::optional<HttpReply> refuse_caller(const HttpServerOptions& options, const Route& route, const HttpHeaders& headers,
                                       std::optional<Caller> caller, RequestContext& context, Metrics& metrics) {
  if (options.access == nullptr || route.scopes.is_empty()) return std::nullopt;
  if (!caller && !shown_token(headers)) {
    count_refusal(metrics, "no_token");
    return ask_for_token("this path needs \"Authorization: Bearer <token>\"", context.request_id);
  }
  if (!caller) {
    count_refusal(metrics, "wrong_token");
    return ask_for_token("this server doesn't know that token", context.request_id);
  }
  context.caller = std::move(*caller);
  const auto allowed = require_scope(context.caller, route.scopes);
  if (allowed) return std::nullopt;
  count_refusal(metrics, "missing_scope");
  HttpReply reply = make_error_reply(allowed.error(), context.request_id);
  reply.headers.add("WWW-Authenticate", missing_scope_challenge(route.scopes));
  return reply;
}

}  // namespace codehelper
