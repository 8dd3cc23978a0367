// HTTP/1.1 server on the event loop: reads within limits, makes the request's context, calls the route's handler, has
// one catch, one log line and one metrics record a request. When the caller goes away the handler is cancelled.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "codehelper/base/metrics.hpp"
#include "codehelper/net/event_loop.hpp"
#include "codehelper/net/router.hpp"

namespace codehelper {

/// How often one caller may ask: by its token where it shows the right one, else by its address.
struct RateLimit {
  unsigned per_second = 0;  // 0 = as often as it likes
  unsigned burst = 0;       // requests at once after a pause
  bool exempts_loopback = false;
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // address or name; "::" and "0.0.0.0" listen everywhere
  std::uint16_t port = 0;          // 0 = any free one
  std::string token = {};          // bearer token that routes with needs_token ask for; empty = none
  // Names that a Host field may have, without a port; empty = any. A server on loopback gives its own, so that a page
  // that was led here by a rebound name is refused.
  std::vector<std::string> host_names = {};
  // At the limit the connection that has waited for longest for a request, or for the rest of its head, is closed for
  // a new one, so that those can't keep callers out; while there is none, new ones are answered 503.
  std::size_t max_connections = 20'000;
  std::size_t max_connections_per_address = 0;  // not on loopback; more are answered 429; 0 = as many as it likes
  RateLimit rate_limit = {};                    // over it: 429; not for /health, /readyz and /metrics
  std::size_t header_limit_bytes = std::size_t{16} * 1024;  // over it: 431
  std::chrono::milliseconds header_limit{10'000};  // from the first byte of a request to the end of its head: 408
  std::chrono::milliseconds body_limit{30'000};    // for the body: 408
  std::chrono::milliseconds idle_limit{75'000};    // between requests: closed without a word
  std::chrono::milliseconds write_limit{30'000};   // a peer that takes nothing for so long is dropped
};

class HttpServer {
 public:
  /// `loop` and `metrics` outlive the server.
  HttpServer(EventLoop& loop, Router router, HttpServerOptions options, Log log, Metrics& metrics);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds, listens and starts to accept; returns the port. Errors: invalid_input for a host that is no address of this
  /// machine, conflict for a port in use; both name host and port.
  Result<std::uint16_t> start();
  /// Stops accepting, closes idle connections, lets requests in flight finish until `limit`, then cancels their
  /// handlers and closes. Answers sent meanwhile carry `Connection: close`.
  Task<void> drain(std::chrono::milliseconds limit);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace codehelper
