// One request and its answer on an open connection. Sending and receiving go on side by side, so that an answer that
// comes before the request is sent (a proxy's 413 or 502) is seen.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "client_connection.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

/// What a failed try says about the next one.
enum class Repeat {
  never,    // it would fail again, or it has had an effect
  if_safe,  // the server may have seen the request
  always,   // the server can't have seen it
};

struct TryFailure {
  Error error;
  Repeat repeat = Repeat::never;
};

struct ClientExchange {
  std::string_view peer;  // for messages
  std::string_view method;
  std::string_view head;
  std::string_view body;
  std::size_t answer_limit_bytes = 0;
  const HttpClient::BodySink& sink;  // may be empty: then every answer comes whole
};

struct ClientExchangeEnd {
  HttpAnswer answer;
  bool leaves_connection_open = false;
};

/// All that `exchange` views and `connection` outlive the coroutine. No time limit of its own. When it is cancelled or
/// fails, the connection is to be closed.
Task<std::expected<ClientExchangeEnd, TryFailure>> run_client_exchange(ClientConnection& connection,
                                                                       ClientExchange exchange);

}  // namespace codehelper
