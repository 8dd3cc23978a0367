// What all processes that listen have in common: the server by the settings, and its end by signals.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "codehelper/base/config.hpp"
#include "codehelper/net/http_server.hpp"

namespace codehelper {

/// "http://127.0.0.1:8000"; brackets around an IPv6 address.
std::string make_url(const std::string& host, std::uint16_t port);

/// The server's options by the settings. On loopback only its own names and those allowed are answered. Errors:
/// invalid_input for a tokens file that is not to be used.
Result<HttpServerOptions> make_server_options(const Config& config, const Log& log);

struct ServeHooks {
  std::function<Result<void>(std::uint16_t port)> on_listening;  // before the first request is answered; may be empty
  std::function<Task<void>()> on_drained;                        // after the last one; may be empty
};

/// Listens, says where on standard error, and runs the loop until a shutdown signal has been obeyed. Returns the exit
/// status.
int serve(EventLoop& loop, Router router, const Config& config, const Log& log, Metrics& metrics, ServeHooks hooks);

}  // namespace codehelper
