#include "codehelper/api/chat_runs.hpp"

#include <boost/asio/as_tuple.hpp>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/net/sse.hpp"

namespace codehelper {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kKeepAlive{10};
constexpr std::chrono::minutes kRemembered{10};
constexpr std::size_t kRuns = 100;
constexpr std::size_t kOutputBytes = std::size_t{4} * 1024 * 1024;

std::string tell_by_name(std::size_t number, const RunEvent& event) {
  return format_sse({.event = event.name, .data = event.data, .id = std::to_string(number)});
}

}  // namespace

ChatRun::ChatRun(EventLoop& loop, std::string id, RequestContext context, OnDisconnect on_disconnect)
    : id_(std::move(id)), context_(std::move(context)), on_disconnect_(on_disconnect), group_(loop, context_.log) {}

void ChatRun::push(std::string_view event, const json::object& data) {
  RunEvent told{std::string(event), to_json_text(data)};
  if (event == "output") {
    output_bytes_ += told.data.size();
    if (output_bytes_ > kOutputBytes) return;
  }
  events_.push_back(std::move(told));
  wake_readers();
}

void ChatRun::wake_readers() {
  for (asio::steady_timer* waiting : waiting_) waiting->cancel();
}

Task<void> ChatRun::wait(std::chrono::steady_clock::time_point latest) {
  asio::steady_timer timer(co_await asio::this_coro::executor, latest);
  waiting_.insert(&timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  waiting_.erase(&timer);
}

Task<void> ChatRun::work(ChatRun::Work make) {
  Result<json::object> made = fail(ErrorCode::internal, "");
  try {
    made = co_await make(context_, *this);
  } catch (const std::exception& error) {
    made = fail(ErrorCode::internal, error.what());
  }
  const auto state = co_await asio::this_coro::cancellation_state;
  const bool was_cancelled = state.cancelled() != asio::cancellation_type::none;
  if (!made && was_cancelled) made = fail(ErrorCode::cancelled, "the answer was stopped");
  if (made) {
    push("done", *made);
  } else {
    if (made.error().code == ErrorCode::internal)
      context_.log.error("answer_failed", {{"cause", made.error().message}});
    push("error", parse_json_object(make_error_reply(made.error(), context_.request_id).body).value());
  }
  result_ = std::move(made);
  wake_readers();
}

std::string ChatRun::take(std::size_t& after, const RunEventText& text_of) const {
  std::string text;
  for (; after < events_.size(); ++after) text += text_of(after + 1, events_[after]);
  return text;
}

void ChatRun::leave() {
  --readers_;
  if (readers_ == 0 && !result_ && on_disconnect_ == OnDisconnect::cancel) group_.cancel_all();
}

std::shared_ptr<ChatRun> ChatRuns::start(RequestContext context, OnDisconnect on_disconnect, json::object started,
                                         ChatRun::Work work) {
  forget_old();
  auto run = std::make_shared<ChatRun>(loop_, make_request_id(), std::move(context), on_disconnect);
  started["run_id"] = run->id();
  run->push("started", started);
  runs_[run->id()] = run;
  started_.emplace_back(std::chrono::steady_clock::now(), run->id());
  run->group_.spawn("chat_run", run->work(std::move(work)));
  return run;
}

void ChatRuns::forget_old() {
  const auto is_over = [this](const auto& entry) {
    const auto& [when, id] = entry;
    const bool is_old = std::chrono::steady_clock::now() - when > kRemembered;
    const bool has_ended = runs_.at(id)->result_ && runs_.at(id)->readers_ == 0;
    const bool may_go = is_old || runs_.size() > kRuns;
    if (!has_ended || !may_go) return false;
    runs_.erase(id);
    return true;
  };
  std::erase_if(started_, is_over);
}

std::shared_ptr<ChatRun> ChatRuns::find(const std::string& id) const {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : found->second;
}

void ChatRuns::stop(ChatRun& run) {
  run.group_.cancel_all();
}

HttpReply ChatRuns::follow(std::shared_ptr<ChatRun> run, std::size_t after) {
  return follow(std::move(run), after, tell_by_name);
}

HttpReply ChatRuns::follow(std::shared_ptr<ChatRun> run, std::size_t after, RunEventText text_of) {
  HttpReply reply;
  reply.headers.set("Content-Type", "text/event-stream");
  reply.headers.set("Cache-Control", "no-store");
  reply.headers.set("X-Accel-Buffering", "no");
  reply.stream = [run = std::move(run), after, text_of = std::move(text_of)](RequestContext, BodyWriter& writer) {
    return tell_events(run, after, text_of, writer);
  };
  return reply;
}

Task<Result<void>> ChatRuns::tell_events(std::shared_ptr<ChatRun> run, std::size_t after, RunEventText text_of,
                                         BodyWriter& writer) {
  // A cancelled wait must not throw here: the run has to be left first.
  co_await asio::this_coro::throw_if_cancelled(false);
  ++run->readers_;
  Result<void> written;
  auto keep_alive_at = std::chrono::steady_clock::now();  // the head goes with the first text
  while (written && !run->is_told(after)) {
    std::string text = run->take(after, text_of);
    const bool is_quiet = std::chrono::steady_clock::now() >= keep_alive_at;
    if (text.empty() && is_quiet) text = kSseKeepAlive;
    if (!text.empty()) {
      written = co_await writer.write(std::move(text));
      keep_alive_at = std::chrono::steady_clock::now() + kKeepAlive;
    } else if (!run->is_told(after)) {
      co_await run->wait(keep_alive_at);
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) written = fail(ErrorCode::cancelled, "the caller left");
  }
  run->leave();
  co_return written;
}

Task<Result<json::object>> ChatRuns::await_answer(std::shared_ptr<ChatRun> run) {
  co_await asio::this_coro::throw_if_cancelled(false);
  ++run->readers_;
  bool has_left = false;
  while (!run->result_ && !has_left) {
    co_await run->wait(std::chrono::steady_clock::time_point::max());
    const auto state = co_await asio::this_coro::cancellation_state;
    has_left = state.cancelled() != asio::cancellation_type::none;
  }
  run->leave();
  if (!run->result_) co_return fail(ErrorCode::cancelled, "the caller left");
  co_return *run->result_;
}

Task<void> ChatRuns::shut_down() {
  for (const auto& [id, run] : runs_) run->group_.cancel_all();
  for (const auto& [id, run] : runs_) co_await run->group_.join();
}

}  // namespace codehelper
