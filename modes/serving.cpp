#include "serving.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "codehelper/base/version.hpp"
#include "codehelper/net/access.hpp"
#include "codehelper/net/task_group.hpp"
#include "modes.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kReservedDescriptors = 256;  // for the store, outbound calls and commands

// The soft limit is made for programs that wait with select(); a server needs one a caller. Returns what is now
// allowed.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 2 * kReservedDescriptors;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65'536);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::max<std::size_t>(limit.rlim_cur, 2 * kReservedDescriptors);
}

/// Null when everybody may do everything.
Result<std::shared_ptr<AccessList>> open_access_list(const ListenConfig& listen, const Log& log) {
  if (!asks_for_token(listen)) return nullptr;
  AccessList::Options options;
  options.file = listen.tokens_file;
  options.log = log;
  if (!listen.token.empty()) {
    options.known.push_back(describe_access_token(kEnvironmentTokenName, ScopeSet::all(), listen.token));
  }
  if (!listen.own_token.empty()) {
    options.known.push_back(describe_access_token(kOwnTokenName, ScopeSet::all(), listen.own_token));
  }
  return AccessList::open(std::move(options));
}

Task<void> shut_down(EventLoop& loop, HttpServer& server, std::chrono::milliseconds limit, const ServeHooks& hooks) {
  co_await server.drain(limit);
  if (hooks.on_drained) co_await hooks.on_drained();
  loop.stop();
}

}  // namespace

std::string make_url(const std::string& host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("http://[{}]:{}", host, port) : fmt::format("http://{}:{}", host, port);
}

Result<HttpServerOptions> make_server_options(const Config& config, const Log& log) {
  const ListenConfig& listen = config.listen;
  HttpServerOptions options;
  options.host = listen.host;
  options.port = listen.port;
  const bool has_names = is_loopback(listen.host) || !listen.allowed_hosts.empty();
  if (has_names) {
    options.host_names = listen.allowed_hosts;
    for (const char* name : {"localhost", "127.0.0.1", "::1", listen.host.c_str()})
      options.host_names.emplace_back(name);
  }
  options.takes_any_address = !is_loopback(listen.host);
  auto access = open_access_list(listen, log);
  if (!access) return std::unexpected(access.error());
  options.access = std::move(*access);
  options.max_connections =
      std::min<std::size_t>(listen.max_connections, raise_descriptor_limit() - kReservedDescriptors);
  options.max_connections_per_address = listen.address_connections.value_or((options.max_connections + 1) / 2);
  constexpr unsigned kDefaultRate = 100;
  constexpr unsigned kBurstSeconds = 10;
  options.rate_limit.per_second = listen.rate_limit.value_or(is_loopback(listen.host) ? 0 : kDefaultRate);
  options.rate_limit.burst = kBurstSeconds * options.rate_limit.per_second;
  options.rate_limit.exempts_loopback = !listen.rate_limit.has_value();
  return options;
}

int serve(EventLoop& loop, Router router, const Config& config, const Log& log, Metrics& metrics, ServeHooks hooks) {
  auto options = make_server_options(config, log);
  if (!options) {
    fmt::print(stderr, "codehelper: {}\n", options.error().message);
    return kExitFailed;
  }
  HttpServer server(loop, std::move(router), std::move(*options), log, metrics);
  const auto port = server.start();
  if (!port) {
    fmt::print(stderr, "codehelper: {}\n", port.error().message);
    return kExitFailed;
  }
  if (hooks.on_listening) {
    const auto ready = hooks.on_listening(*port);
    if (!ready) {
      fmt::print(stderr, "codehelper: {}\n", ready.error().message);
      return kExitFailed;
    }
  }
  const std::string url = make_url(config.listen.host, *port);
  fmt::print(stderr, "codehelper: listening on {}\n", url);
  log.info("listening", {{"url", url}, {"version", version()}});

  TaskGroup shutdown(loop, log);
  loop.handle_shutdown_signals([&](int signal) {
    log.info("graceful_shutdown", {{"signal", signal}, {"limit_seconds", config.listen.drain.count()}});
    shutdown.spawn("shutdown", shut_down(loop, server, config.listen.drain, hooks));
  });
  loop.run();
  return kExitDone;
}

}  // namespace codehelper
