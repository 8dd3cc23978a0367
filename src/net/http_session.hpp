// One connection from its first byte to its end: reads requests, judges their heads, runs handlers while watching the
// socket, answers in order.
#pragma once

#include <boost/intrusive/list.hpp>
#include <memory>
#include <optional>

#include "caller_address.hpp"
#include "codehelper/net/http_server.hpp"
#include "http_connection.hpp"
#include "http_exchange.hpp"
#include "http_request_parser.hpp"
#include "http_response_head.hpp"
#include "rate_limiter.hpp"

namespace codehelper {

class HttpSession;
struct InAll;
struct InWaiting;
template <class Tag>
using SessionHook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>>;
template <class Tag>
using SessionList = boost::intrusive::list<HttpSession, boost::intrusive::base_hook<SessionHook<Tag>>>;

/// What the sessions of one server share.
struct HttpServing {
  /// In the metrics. `limit`: connections, address_connections, waiting_connections or rate.
  void count_refusal(const std::string& limit) const;

  Router router;
  HttpServerOptions options;
  Log log;
  Metrics& metrics;
  HttpDate date = {};
  RequestIds request_ids = {};
  RateLimiter rate_limiter;
  bool is_draining = false;
  std::size_t refused = 0;       // of the sessions, those that only say so
  AddressCounts addresses = {};  // of the sessions that are not on loopback
  SessionList<InAll> sessions = {};
  SessionList<InWaiting> waiting = {};  // whose callers are owed no answer, the one for longest first
};

class HttpSession : public SessionHook<InAll>, public SessionHook<InWaiting> {
 public:
  HttpSession(std::shared_ptr<HttpServing> serving, boost::asio::ip::tcp::socket socket, CallerAddress caller);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  /// Serves until the connection ends.
  Task<void> serve();
  /// Answers without reading, says when to come back, and closes. `status` 429 or 503.
  Task<void> refuse(int status, std::string_view error, std::string_view message);
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
  std::optional<HttpReply> judge_rate(const std::optional<Caller>& caller, const HttpExchange& exchange);
  std::optional<HttpReply> judge_head(HttpRequestParser& parser, HttpExchange& exchange);
  Task<bool> answer_by_handler(HttpExchange& exchange, HttpRequest request);
  Task<bool> send(HttpExchange& exchange, HttpReply plain);
  Task<bool> send_stream(HttpExchange& exchange, HttpReply reply);
  /// After an answer that was sent.
  Task<bool> end_exchange(HttpExchange& exchange);
  /// Before closing after an answer, when the peer may still be sending.
  Task<void> linger();
  /// Until set_busy() it may be closed to make room for another: it waits for a request, for the rest of a head, or for
  /// the caller's end.
  void set_waiting();
  void set_busy();
  std::string make_head(HttpExchange& exchange, const HttpReply& reply, BodyFraming framing);

  std::shared_ptr<HttpServing> serving_;
  std::shared_ptr<HttpConnection> connection_;
  CallerAddress caller_;
  bool is_refused_ = false;
  bool is_idle_ = true;
};

}  // namespace codehelper
