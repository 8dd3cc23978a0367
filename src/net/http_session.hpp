// One connection from its first byte to its end: reads requests, judges their heads, runs handlers while watching the
// socket, answers in order.
#pragma once

#include <memory>
#include <optional>
#include <set>

#include "codehelper/net/http_server.hpp"
#include "http_connection.hpp"
#include "http_exchange.hpp"
#include "http_request_parser.hpp"
#include "http_response_head.hpp"

namespace codehelper {

class HttpSession;

/// What the sessions of one server share.
struct HttpServing {
  Router router;
  HttpServerOptions options;
  Log log;
  Metrics& metrics;
  HttpDate date = {};
  bool is_draining = false;
  std::set<HttpSession*> sessions = {};
};

class HttpSession {
 public:
  HttpSession(std::shared_ptr<HttpServing> serving, boost::asio::ip::tcp::socket socket);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  /// Serves until the connection ends.
  Task<void> serve();
  /// Answers 503 without reading, and closes.
  Task<void> refuse();
  /// An idle connection ends at once; otherwise the request in flight is the last.
  void begin_drain();
  /// Cancels the handler, which is still awaited, and ends every wait.
  void abort();

 private:
  // Where these return a bool, false means that the connection is at its end.
  Task<bool> wait_for_request();
  Task<bool> serve_one();
  Task<bool> read_head(HttpRequestParser& parser, HttpExchange& exchange, std::optional<HttpReply>& refusal);
  Task<bool> read_body(HttpRequestParser& parser, HttpExchange& exchange, std::optional<HttpReply>& refusal);
  void begin_exchange(HttpExchange& exchange, const HttpHeaders& headers);
  std::optional<HttpReply> judge_head(HttpRequestParser& parser, HttpExchange& exchange);
  Task<bool> answer_by_handler(HttpExchange& exchange, HttpRequest request);
  Task<bool> send(HttpExchange& exchange, HttpReply plain);
  Task<bool> send_stream(HttpExchange& exchange, HttpReply reply);
  /// Before closing after an answer, when the peer may still be sending.
  Task<void> linger();
  std::string make_head(HttpExchange& exchange, const HttpReply& reply, BodyFraming framing);

  std::shared_ptr<HttpServing> serving_;
  std::shared_ptr<HttpConnection> connection_;
  bool is_idle_ = true;
};

}  // namespace codehelper
