// The second half of a session: running the handler and sending what it gives.
#include <fmt/format.h>

#include "http_session.hpp"
#include "supervised_run.hpp"

namespace codehelper {

namespace {

/// Handlers run inside this, so that what they throw before their first await is caught like the rest.
Task<Result<HttpReply>> call_handler(const HttpHandler& handler, RequestContext context, HttpRequest request) {
  co_return co_await handler(std::move(context), std::move(request));
}

class SessionBodyWriter : public BodyWriter {
 public:
  SessionBodyWriter(HttpConnection& connection, std::string head, BodyFraming framing)
      : connection_(connection), head_(std::move(head)), framing_(framing) {}

  Task<Result<void>> write(std::string bytes) override {
    if (bytes.empty()) co_return Result<void>{};  // an empty chunk would be the last one
    std::string before = std::exchange(head_, {});
    if (framing_ == BodyFraming::chunked) {
      before += fmt::format("{:x}\r\n", bytes.size());
      bytes += "\r\n";
    }
    co_return co_await connection_.write(before, bytes);
  }

  bool has_begun() const { return head_.empty(); }

  /// What is missing after the last write.
  Task<Result<void>> end() {
    std::string rest = std::exchange(head_, {});
    if (framing_ == BodyFraming::chunked) rest += "0\r\n\r\n";
    if (rest.empty()) co_return Result<void>{};
    co_return co_await connection_.write(rest);
  }

 private:
  HttpConnection& connection_;
  std::string head_;
  BodyFraming framing_;
};

Task<Result<void>> call_stream(const HttpReply& reply, RequestContext context, BodyWriter& writer) {
  co_return co_await reply.stream(std::move(context), writer);
}

std::string describe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of no known type";
  }
}

/// What the caller must not see and the log must tell.
void log_internal(const HttpExchange& exchange, std::string cause) {
  exchange.context.log.error("http_handler_failed", {{"path", exchange.raw_path}, {"cause", std::move(cause)}});
}

/// Nothing for a run that came to its end.
template <class T>
std::optional<HttpReply> make_failure_reply(const RunOutcome<Result<T>>& outcome, const ErrorReply& make_error,
                                            const HttpExchange& exchange) {
  const std::string& id = exchange.context.request_id;
  if (outcome.end == RunEnd::timed_out) {
    return make_error_reply(Error{ErrorCode::timeout, "the request took longer than its limit"}, id);
  }
  if (outcome.end == RunEnd::aborted) {
    return make_error_reply(503, "draining", "the server is shutting down; the request was ended", id);
  }
  if (outcome.failure) {
    log_internal(exchange, describe(outcome.failure));
    return make_error_reply(Error{ErrorCode::internal, ""}, id);
  }
  if (outcome.value) return std::nullopt;
  const Error& error = outcome.value.error();
  if (error.code == ErrorCode::internal) log_internal(exchange, error.message);
  return make_error ? make_error(error, id) : make_error_reply(error, id);
}

/// The status for the log of a stream that did not come to its end; 0 when it did.
int broken_status(const RunOutcome<Result<void>>& outcome) {
  if (outcome.end == RunEnd::caller_left) return http_status(ErrorCode::cancelled);
  if (outcome.end == RunEnd::timed_out) return http_status(ErrorCode::timeout);
  if (outcome.end == RunEnd::aborted) return http_status(ErrorCode::overloaded);
  if (outcome.failure) return http_status(ErrorCode::internal);
  return outcome.value ? 0 : http_status(outcome.value.error().code);
}

void log_broken_stream(const HttpExchange& exchange, const RunOutcome<Result<void>>& outcome) {
  if (outcome.end != RunEnd::finished) return;  // the request's own line says it
  if (outcome.failure) {
    log_internal(exchange, describe(outcome.failure));
  } else if (outcome.value.error().code != ErrorCode::cancelled) {
    log_internal(exchange, outcome.value.error().message);
  }
}

}  // namespace

Task<bool> HttpSession::answer_by_handler(HttpExchange& exchange, HttpRequest request) {
  exchange.context.deadline = choose_deadline(request, *exchange.route);
  auto handler = call_handler(exchange.route->handler, exchange.context, std::move(request));
  auto run = run_supervised(connection_, std::move(handler), exchange.context.deadline);
  auto outcome = co_await std::move(run);
  if (outcome.end == RunEnd::caller_left) {
    record_exchange(exchange, http_status(ErrorCode::cancelled), serving_->metrics);
    co_return false;
  }
  if (outcome.end == RunEnd::aborted) exchange.keeps_connection = false;

  auto failure = make_failure_reply(outcome, {}, exchange);
  HttpReply reply = failure ? std::move(*failure) : std::move(*outcome.value);
  if (reply.stream) co_return co_await send_stream(exchange, std::move(reply));
  if (!co_await send(exchange, std::move(reply))) co_return false;
  co_return co_await end_exchange(exchange);
}

Task<bool> HttpSession::end_exchange(HttpExchange& exchange) {
  if (!exchange.keeps_connection && !connection_->received().empty()) co_await linger();
  co_return exchange.keeps_connection;
}

Task<bool> HttpSession::send(HttpExchange& exchange, HttpReply plain) {
  const HttpReply reply = serving_->router.shape_reply(exchange.raw_path, std::move(plain));
  connection_->set_limit(Deadline::never());  // writes have their own
  const std::string head = make_head(exchange, reply, BodyFraming::length);
  const std::string_view body = exchange.is_head() ? std::string_view() : reply.body;
  exchange.response_bytes = body.size();
  const auto written = co_await connection_->write(head, body);
  record_exchange(exchange, written ? reply.status : http_status(ErrorCode::cancelled), serving_->metrics);
  co_return written.has_value();
}

Task<bool> HttpSession::send_stream(HttpExchange& exchange, HttpReply reply) {
  connection_->set_limit(Deadline::never());
  const BodyFraming framing = exchange.is_http_11 ? BodyFraming::chunked : BodyFraming::until_close;
  std::string head = make_head(exchange, reply, framing);
  if (exchange.is_head()) {
    const auto written = co_await connection_->write(head);
    record_exchange(exchange, written ? reply.status : http_status(ErrorCode::cancelled), serving_->metrics);
    co_return written.has_value() && exchange.keeps_connection;
  }

  SessionBodyWriter writer(*connection_, std::move(head), framing);
  auto stream = call_stream(reply, exchange.context, writer);
  auto run = run_supervised(connection_, std::move(stream), exchange.context.deadline);
  const auto outcome = co_await std::move(run);
  const int broken = broken_status(outcome);
  if (broken != 0 && !writer.has_begun() && outcome.end != RunEnd::caller_left) {
    if (outcome.end == RunEnd::aborted) exchange.keeps_connection = false;
    auto failure = make_failure_reply(outcome, reply.refuse, exchange);
    if (!co_await send(exchange, std::move(*failure))) co_return false;
    co_return co_await end_exchange(exchange);
  }
  Result<void> written;
  if (broken == 0) written = co_await writer.end();
  const int status = written ? reply.status : http_status(ErrorCode::cancelled);
  record_exchange(exchange, broken != 0 ? broken : status, serving_->metrics);
  if (broken != 0) {
    log_broken_stream(exchange, outcome);
    // A body that the end of the connection delimits would look whole; one in chunks lacks its last.
    if (framing == BodyFraming::until_close) connection_->reset();
    co_return false;
  }
  if (!written) co_return false;
  co_return co_await end_exchange(exchange);
}

}  // namespace codehelper
