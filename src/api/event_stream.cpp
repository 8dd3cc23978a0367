#include "codehelper/api/event_stream.hpp"

#include <boost/asio/as_tuple.hpp>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/net/sse.hpp"
#include "codehelper/net/task_group.hpp"

namespace codehelper {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kWaitingLimitBytes = 8 * 1024 * 1024;
constexpr std::chrono::seconds kFirstKeepAlive{1};  // a refusal comes earlier
constexpr std::chrono::seconds kKeepAlive{10};

HttpReply make_failure_reply(const ToldAnswer& answer, const RequestContext& context, const Error& error) {
  if (error.code == ErrorCode::internal) context.log.error("answer_failed", {{"cause", error.message}});
  return answer.make_error(error, context.request_id);
}

/// Pushes the last event too, unless an error is all that there is to tell: that is the result then.
Task<void> produce_answer(ToldAnswer answer, RequestContext context, EventQueue& queue, Result<void>& result) {
  Result<boost::json::object> made = fail(ErrorCode::internal, "");
  try {
    made = co_await answer.make(context, &queue);
  } catch (const std::exception& error) {
    made = fail(ErrorCode::internal, error.what());
  }
  if (made) {
    queue.push(answer.last_event, *made);
  } else if (queue.has_begun()) {
    const HttpReply reply = make_failure_reply(answer, context, made.error());
    queue.push("error", parse_json_object(reply.body).value());
  } else {
    result = std::unexpected(made.error());
  }
  queue.close();
}

Task<Result<void>> write_events(BodyWriter& writer, EventQueue& queue) {
  while (true) {
    std::string text = co_await queue.take();
    if (text.empty()) co_return Result<void>{};
    const auto written = co_await writer.write(std::move(text));
    if (!written) co_return written;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return fail(ErrorCode::cancelled, "the caller left");
  }
}

Task<Result<void>> stream_answer(EventLoop& loop, ToldAnswer answer, RequestContext context, BodyWriter& writer) {
  // A cancelled wait must not throw here: the producer has to be ended first.
  co_await asio::this_coro::throw_if_cancelled(false);
  EventQueue queue(loop);
  Result<void> made;
  TaskGroup group(loop, context.log);
  group.spawn("event_producer", produce_answer(std::move(answer), context, queue, made));
  const auto written = co_await write_events(writer, queue);
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  group.cancel_all();
  co_await group.join();
  co_return written ? made : written;
}

HttpReply make_event_stream(EventLoop& loop, ToldAnswer answer) {
  HttpReply reply;
  reply.headers.set("Content-Type", "text/event-stream");
  reply.headers.set("Cache-Control", "no-store");
  reply.headers.set("X-Accel-Buffering", "no");
  reply.refuse = answer.make_error;
  reply.stream = [&loop, told = std::move(answer)](RequestContext context, BodyWriter& writer) {
    return stream_answer(loop, told, std::move(context), writer);
  };
  return reply;
}

}  // namespace

EventQueue::EventQueue(EventLoop& loop) : news_(loop.context()) {}

void EventQueue::push(std::string_view event, const boost::json::object& data) {
  SseEvent sse;
  sse.event = event;
  sse.data = to_json_text(data);
  sse.id = std::to_string(next_id_++);
  waiting_ += format_sse(sse);
  has_begun_ = true;
  news_.cancel();
}

void EventQueue::push_or_drop(std::string_view event, const boost::json::object& data) {
  if (waiting_.size() > kWaitingLimitBytes) {
    ++dropped_;
    return;
  }
  if (dropped_ != 0) push("dropped", {{"events", std::exchange(dropped_, 0)}});
  push(event, data);
}

void EventQueue::close() {
  closed_ = true;
  news_.cancel();
}

Task<std::string> EventQueue::take() {
  if (waiting_.empty() && !closed_) {
    news_.expires_after(has_begun_ ? kKeepAlive : kFirstKeepAlive);
    co_await news_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (!waiting_.empty() || closed_) co_return std::exchange(waiting_, {});
  has_begun_ = true;
  co_return std::string(kSseKeepAlive);
}

Task<HttpReply> tell_answer(EventLoop& loop, RequestContext context, HttpRequest request, ToldAnswer answer) {
  if (request.accepts("text/event-stream")) co_return make_event_stream(loop, std::move(answer));
  const auto made = co_await answer.make(context, nullptr);
  if (!made) co_return make_failure_reply(answer, context, made.error());
  co_return make_json_reply(to_json_text(*made));
}

}  // namespace codehelper
