#include "http_exchange.hpp"

#include <openssl/crypto.h>
#include <boost/json/monotonic_resource.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include "codehelper/base/text.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
constexpr std::string_view kMetricsRoute = "/metrics";
constexpr std::array<std::string_view, 3> kProbeRoutes = {"/health", "/readyz", kMetricsRoute};
constexpr std::size_t kLoggedPathBytes = 512;

// "[::1]:80" gives "::1", "localhost:80" gives "localhost"; lower case.
std::string host_name_of(std::string_view host) {
  if (host.starts_with('[')) return to_lower_ascii(host.substr(1, host.find(']') - 1));
  return to_lower_ascii(host.substr(0, host.find(':')));
}

}  // namespace

std::string choose_request_id(const HttpHeaders& headers, RequestIds& ids) {
  const auto given = headers.find("X-Request-Id");
  return given && is_valid_request_id(*given) ? std::string(*given) : ids.next();
}

bool shows_token(const HttpHeaders& headers, std::string_view token) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view value = headers.find("Authorization").value_or("");
  if (value.size() != kScheme.size() + token.size()) return false;
  if (to_lower_ascii(value.substr(0, kScheme.size())) != kScheme) return false;
  return CRYPTO_memcmp(value.data() + kScheme.size(), token.data(), token.size()) == 0;
}

std::string find_foreign_origin(const HttpHeaders& headers, const std::vector<std::string>& host_names) {
  const std::string_view host = headers.find("Host").value_or("");
  if (!host_names.empty() && std::ranges::find(host_names, host_name_of(host)) == host_names.end()) {
    return "this server is not called by that Host";
  }
  const auto origin = headers.find("Origin");
  if (!origin) return {};
  const std::size_t scheme = origin->find("://");
  const bool is_own =
      scheme != std::string_view::npos && to_lower_ascii(origin->substr(scheme + 3)) == to_lower_ascii(host);
  return is_own ? std::string() : "pages of another origin may not ask this server";
}

Deadline choose_deadline(const HttpRequest& request, const Route& route) {
  const Deadline budget = Deadline::after(route.time_budget);
  const auto text = request.headers.find(kTimeoutHeader);
  if (!text) return budget;
  std::uint32_t milliseconds = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), milliseconds);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) return budget;
  return budget.earlier(Deadline::after(std::chrono::milliseconds(milliseconds)));
}

bool is_probe(const HttpExchange& exchange) {
  return exchange.route != nullptr && std::ranges::find(kProbeRoutes, exchange.route->path) != kProbeRoutes.end();
}

namespace {

void log_exchange(const HttpExchange& exchange, int status, std::chrono::duration<double, std::milli> duration) {
  const Log& log = exchange.context.log;
  const LogLevel level = is_probe(exchange) ? LogLevel::debug : LogLevel::info;
  if (!log.takes(level)) return;
  std::array<unsigned char, 2048> memory;
  boost::json::monotonic_resource fields_memory(memory.data(), memory.size());
  boost::json::object fields({{"method", exchange.method},
                              {"path", std::string_view(exchange.raw_path).substr(0, kLoggedPathBytes)},
                              {"status", status},
                              {"duration_ms", duration.count()},
                              {"bytes", exchange.response_bytes}},
                             &fields_memory);
  if (exchange.route != nullptr) fields["route"] = exchange.route->path;
  log.write(level, "http_request", std::move(fields));
}

}  // namespace

void record_exchange(const HttpExchange& exchange, int status, Metrics& metrics) {
  const auto duration = std::chrono::steady_clock::now() - exchange.started;
  log_exchange(exchange, status, duration);

  // Only what the routes know becomes a label: callers can't make up series.
  const bool is_known_method = std::ranges::find(kMethods, exchange.method) != kMethods.end();
  if (exchange.route == nullptr || exchange.route->path == kMetricsRoute || !is_known_method) return;
  metrics.record(ServedRequest{
      .method = exchange.method,
      .route = exchange.route->path,
      .status = status,
      .request_bytes = static_cast<double>(exchange.request_bytes),
      .response_bytes = static_cast<double>(exchange.response_bytes),
      .duration = duration,
  });
}

}  // namespace codehelper
