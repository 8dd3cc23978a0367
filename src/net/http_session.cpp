#include "http_session.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <ctime>

#include "codehelper/base/text.hpp"
#include "request_access.hpp"

namespace codehelper {

namespace {

constexpr std::chrono::milliseconds kLingerLimit{2'000};
constexpr std::chrono::milliseconds kDrainingLingerLimit{50};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

HttpReply make_timeout_reply(std::string_view what, const HttpExchange& exchange) {
  return make_error_reply(408, "request_timeout", what, exchange.context.request_id);
}

HttpReply make_fault_reply(const RequestFault& fault, const HttpExchange& exchange) {
  return make_error_reply(fault.status, fault.error, fault.message, exchange.context.request_id);
}

/// A body that would be taken for another one. Every coding but "identity", which is none, is of that kind.
std::optional<HttpReply> refuse_coding(const HttpRequest& request, std::string_view request_id) {
  for (const auto& [name, value] : request.headers) {
    if (to_lower_ascii(name) != "content-encoding" || value.empty() || to_lower_ascii(value) == "identity") continue;
    auto reply = make_error_reply(415, "unsupported_media_type",
                                  "Content-Encoding: " + value + " is not taken; send the body as it is, without it",
                                  request_id);
    reply.headers.add("Accept-Encoding", "identity");  // RFC 9110, section 15.5.16
    return reply;
  }
  return std::nullopt;
}

}  // namespace

void HttpServing::count_refusal(const std::string& limit) const {
  metrics.count("codehelper_http_refused_total", "Connections and requests over a limit, by the limit.",
                {{"limit", limit}});
}

HttpSession::HttpSession(std::shared_ptr<HttpServing> serving, boost::asio::ip::tcp::socket socket,
                         CallerAddress caller)
    : serving_(std::move(serving)),
      connection_(std::make_shared<HttpConnection>(std::move(socket), serving_->options.write_limit)),
      caller_(std::move(caller)) {
  serving_->sessions.push_back(*this);
  if (!caller_.is_loopback) serving_->addresses.add(caller_.text);
  set_waiting();
}

HttpSession::~HttpSession() {
  set_busy();
  if (is_refused_) --serving_->refused;
  if (!caller_.is_loopback) serving_->addresses.remove(caller_.text);
  serving_->sessions.erase(serving_->sessions.iterator_to(*this));
  connection_->close();
}

void HttpSession::set_waiting() {
  if (!SessionHook<InWaiting>::is_linked()) serving_->waiting.push_back(*this);
}

void HttpSession::set_busy() {
  if (SessionHook<InWaiting>::is_linked()) serving_->waiting.erase(serving_->waiting.iterator_to(*this));
}

void HttpSession::begin_drain() {
  if (is_idle_) connection_->abort();
}

void HttpSession::abort() {
  set_busy();
  connection_->abort();
}

Task<void> HttpSession::serve() {
  while (co_await wait_for_request() && co_await serve_one()) {
  }
  connection_->close();
}

Task<void> HttpSession::refuse(int status, std::string_view error, std::string_view message) {
  set_busy();
  is_refused_ = true;
  ++serving_->refused;
  HttpExchange exchange;
  begin_exchange(exchange, {});
  auto reply = make_error_reply(status, error, message, exchange.context.request_id);
  reply.headers.add("Retry-After", "1");
  co_await send(exchange, std::move(reply));
  co_await linger();
  connection_->close();
}

Task<bool> HttpSession::wait_for_request() {
  set_waiting();
  if (!connection_->received().empty()) {                    // sent ahead
    co_await boost::asio::post(boost::asio::use_awaitable);  // others have their turn
    co_return !connection_->is_aborted();
  }
  if (serving_->is_draining) co_return false;
  connection_->set_limit(Deadline::after(serving_->options.idle_limit));
  is_idle_ = true;
  const auto event = co_await connection_->wait_for_first_bytes();
  is_idle_ = false;
  co_return event == HttpConnection::Event::bytes;
}

Task<bool> HttpSession::serve_one() {
  HttpRequestParser parser(serving_->options.header_limit_bytes);
  HttpExchange exchange;
  std::optional<HttpReply> refusal;
  if (!co_await read_head(parser, exchange, refusal)) co_return false;
  set_busy();
  if (!refusal && !co_await read_body(parser, exchange, refusal)) co_return false;
  if (!refusal) co_return co_await answer_by_handler(exchange, std::move(parser.request()));

  if (!co_await send(exchange, std::move(*refusal))) co_return false;
  if (!exchange.keeps_connection) co_await linger();
  co_return exchange.keeps_connection;
}

Task<void> HttpSession::linger() {
  is_idle_ = true;  // a drain need not wait for it
  set_waiting();
  co_await connection_->linger(serving_->is_draining ? kDrainingLingerLimit : kLingerLimit);
}

Task<bool> HttpSession::read_head(HttpRequestParser& parser, HttpExchange& exchange,
                                  std::optional<HttpReply>& refusal) {
  bool is_limited = false;
  for (;;) {
    const auto progress = parser.feed(connection_->received());
    connection_->consume(progress.consumed);
    if (progress.step == HttpRequestParser::Step::head) {
      begin_exchange(exchange, parser.request().headers);
      refusal = judge_head(parser, exchange);
      co_return true;
    }
    if (progress.step == HttpRequestParser::Step::fault) {
      begin_exchange(exchange, parser.request().headers);
      exchange.method = parser.request().method;
      refusal = make_fault_reply(parser.fault(), exchange);
      co_return true;
    }
    // The usual head comes at once and needs no limit of its own.
    if (!is_limited) connection_->set_limit(Deadline::after(serving_->options.header_limit));
    is_limited = true;

    const auto event = co_await connection_->wait_for_bytes();
    if (event == HttpConnection::Event::expired) {
      begin_exchange(exchange, parser.request().headers);
      refusal = make_timeout_reply("the head of the request took longer than its limit", exchange);
      co_return true;
    }
    if (event != HttpConnection::Event::bytes) co_return false;
  }
}

void HttpSession::begin_exchange(HttpExchange& exchange, const HttpHeaders& headers) {
  std::string id = choose_request_id(headers, serving_->request_ids);
  Log log = serving_->log.bound_to(id);
  exchange.context = RequestContext{std::move(id), Deadline::never(), std::move(log)};
}

std::optional<HttpReply> HttpSession::judge_rate(const std::optional<Caller>& caller, const HttpExchange& exchange) {
  const HttpServerOptions& options = serving_->options;
  if (is_probe(exchange) || (options.rate_limit.exempts_loopback && caller_.is_loopback)) return std::nullopt;
  // No address begins like that; a wrong token has the bucket of the address it comes from.
  const std::string key = caller ? "token " + caller->name : caller_.text;
  const auto wait = serving_->rate_limiter.take(key, exchange.started);
  if (wait == RateLimiter::Clock::duration::zero()) return std::nullopt;
  serving_->count_refusal("rate");
  auto reply = make_error_reply(429, "rate_limited", "more requests than one caller may make; try again later",
                                exchange.context.request_id);
  reply.headers.add("Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()));
  return reply;
}

std::optional<HttpReply> HttpSession::judge_head(HttpRequestParser& parser, HttpExchange& exchange) {
  HttpRequest& request = parser.request();
  const std::string& id = exchange.context.request_id;
  exchange.method = request.method;
  exchange.raw_path = to_valid_utf8(parser.raw_path());
  exchange.is_http_11 = parser.is_http_11();
  // An answer that comes before the body is read ends the connection: the body could not be told from a next request.
  exchange.keeps_connection = parser.wants_keep_alive() && !parser.has_body();

  if (serving_->is_draining) {
    exchange.keeps_connection = false;
    return make_error_reply(503, "draining", "the server is shutting down", id);
  }
  auto refusal = refuse_foreign_page(serving_->options, request, id, serving_->metrics);
  if (refusal) return refusal;
  auto found = serving_->router.find(request.method, parser.raw_path());
  auto* match = std::get_if<RouteMatch>(&found);
  if (match != nullptr) exchange.route = match->route;
  auto caller = identify_caller(serving_->options, request.headers);
  refusal = judge_rate(caller, exchange);
  if (refusal) return refusal;
  if (request.method == "OPTIONS" && parser.raw_path() == "*") {  // the server as a whole (RFC 9110, section 9.3.7)
    HttpReply reply;
    reply.status = 204;
    reply.headers.add("Allow", serving_->router.allowed_methods());
    return reply;
  }
  if (const auto* refused = std::get_if<MethodNotAllowed>(&found)) {
    auto reply = make_error_reply(405, "method_not_allowed", "this path answers " + refused->allow, id);
    reply.headers.add("Allow", refused->allow);
    return reply;
  }
  if (match == nullptr) return make_error_reply(404, "not_found", "no such path", id);
  request.parameters = std::move(match->parameters);

  refusal = refuse_caller(serving_->options, *exchange.route, request.headers, std::move(caller), exchange.context,
                          serving_->metrics);
  if (refusal) return refusal;
  if (parser.declared_length().value_or(0) > exchange.route->body_limit_bytes) {
    return make_error_reply(413, "too_large",
                            "the body is over " + std::to_string(exchange.route->body_limit_bytes) + " bytes", id);
  }
  if (parser.has_body()) refusal = refuse_coding(request, id);
  if (refusal) return refusal;
  if (const auto expectation = request.headers.find("Expect"); expectation && exchange.is_http_11) {
    if (to_lower_ascii(*expectation) != "100-continue") {
      return make_error_reply(417, "expectation_failed", "the only expectation understood is 100-continue", id);
    }
    exchange.expects_continue = true;
  }
  exchange.keeps_connection = parser.wants_keep_alive();
  return std::nullopt;
}

Task<bool> HttpSession::read_body(HttpRequestParser& parser, HttpExchange& exchange,
                                  std::optional<HttpReply>& refusal) {
  parser.limit_body(exchange.route->body_limit_bytes);
  if (parser.has_body()) connection_->set_limit(Deadline::after(serving_->options.body_limit));
  for (;;) {
    const auto progress = parser.feed(connection_->received());
    connection_->consume(progress.consumed);
    exchange.request_bytes = parser.request().body.size();
    if (progress.step == HttpRequestParser::Step::complete) co_return true;
    if (progress.step == HttpRequestParser::Step::fault) {
      exchange.keeps_connection = false;
      refusal = make_fault_reply(parser.fault(), exchange);
      co_return true;
    }
    if (exchange.expects_continue && exchange.request_bytes == 0 && connection_->received().empty()) {
      const auto written = co_await connection_->write(kContinue);
      if (!written) co_return false;
    }
    exchange.expects_continue = false;

    const auto event = co_await connection_->wait_for_bytes();
    if (event == HttpConnection::Event::expired) {
      exchange.keeps_connection = false;
      refusal = make_timeout_reply("the body of the request took longer than its limit", exchange);
      co_return true;
    }
    if (event != HttpConnection::Event::bytes) {
      record_exchange(exchange, http_status(ErrorCode::cancelled), serving_->metrics);
      co_return false;
    }
  }
}

std::string HttpSession::make_head(HttpExchange& exchange, const HttpReply& reply, BodyFraming framing) {
  if (serving_->is_draining || framing == BodyFraming::until_close) exchange.keeps_connection = false;
  return format_response_head(reply, ResponseFrame{
                                         .framing = framing,
                                         .body_bytes = reply.body.size(),
                                         .keeps_connection = exchange.keeps_connection,
                                         .is_http_11 = exchange.is_http_11,
                                         .request_id = exchange.context.request_id,
                                         .date = serving_->date.at(std::time(nullptr)),
                                     });
}

}  // namespace codehelper
