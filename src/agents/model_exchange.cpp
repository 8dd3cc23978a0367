#include "model_exchange.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "token_watchdog.hpp"

namespace codehelper {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr int kMaxTries = 3;
constexpr milliseconds kFirstPause{500};
/// How long a server may take to end a stream that has said all.
constexpr milliseconds kLinger{1'000};

std::string in_seconds(milliseconds limit) {
  return fmt::format("{} s", static_cast<double>(limit.count()) / 1000);
}

Error explain_lost(const Error& error, bool has_begun) {
  if (error.code != ErrorCode::unavailable && error.code != ErrorCode::timeout) return error;
  if (has_begun) {
    return {ErrorCode::unavailable,
            fmt::format("the model server broke off in the middle of its answer ({})", error.message)};
  }
  return {ErrorCode::unavailable,
          fmt::format("the model server can't be reached ({}): start it, or correct LLM_URL", error.message)};
}

/// One try.
class Exchange {
 public:
  Exchange(asio::any_io_executor executor, HttpClient& client, const ModelQuestion& question, ModelLimits limits,
           const TextSink& on_text)
      : client_(client),
        question_(question),
        limits_(limits),
        on_text_(on_text),
        answer_(question.tool_names, question.max_answer_bytes),
        reader_(question.make_reader(answer_)),
        watchdog_(std::move(executor)) {}

  Task<ModelOutcome> run(RequestContext context) {
    auto executor = co_await asio::this_coro::executor;
    watchdog_.expect_within(limits_.first);
    HttpClient::BodySink sink = [this](std::string_view bytes) { return take(bytes); };
    auto streaming = asio::co_spawn(executor, client_.stream(context, question_.call, std::move(sink)), asio::deferred);
    auto watching = asio::co_spawn(executor, watchdog_.wait(), asio::deferred);
    auto group = asio::experimental::make_parallel_group(std::move(streaming), std::move(watching));
    auto outcome = co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    auto& [order, failure, answer, watch_failure] = outcome;
    if (own_error_) co_return failed(std::move(*own_error_));
    const bool is_late = order[0] == 1 && !watch_failure;
    if (is_late && !answer_.is_finished()) co_return failed({ErrorCode::timeout, late_message()});
    if (failure) std::rethrow_exception(failure);
    if (answer && answer->status / 100 != 2) co_return std::unexpected(explain_refusal(*answer, question_.model));
    if (!answer && !answer_.is_finished()) co_return failed(explain(context, answer.error()));
    co_return co_await finish();
  }

 private:
  static std::unexpected<ModelFailure> failed(Error error) { return std::unexpected(ModelFailure{std::move(error)}); }

  Task<Result<void>> take(std::string_view bytes) {
    const bool was_finished = answer_.is_finished();
    auto fed = reader_->feed(bytes);
    // What keeps the connection alive is no token.
    if (answer_.pieces() != pieces_ && !was_finished) watchdog_.expect_within(limits_.between);
    pieces_ = answer_.pieces();
    auto given = co_await give(answer_.take_text());  // also what stood before a fault
    if (fed) fed = std::move(given);
    if (!fed) own_error_ = fed.error();
    if (answer_.is_finished() && !was_finished) watchdog_.expect_within(kLinger);
    co_return fed;
  }

  Task<Result<void>> give(std::string text) {
    if (text.empty() || !on_text_) co_return Result<void>{};
    watchdog_.rest();  // how long the caller takes is not the model's fault
    auto given = co_await on_text_(text);
    watchdog_.expect_within(limits_.between);
    co_return given;
  }

  Task<ModelOutcome> finish() {
    auto read = reader_->end();
    if (!read) co_return failed(std::move(read.error()));
    auto end = answer_.end();
    if (!end) co_return failed(std::move(end.error()));
    if (!end->last_text.empty() && on_text_) {
      auto given = co_await on_text_(end->last_text);
      if (!given) co_return failed(std::move(given.error()));
    }
    co_return std::move(*end);
  }

  std::string late_message() const {
    if (pieces_ == 0) {
      return fmt::format(
          "the model said nothing within {}; it may still be loading, or the prompt is long for the "
          "machine: CODEHELPER_LLM_FIRST_SECONDS",
          in_seconds(limits_.first));
    }
    return fmt::format("the model stood still for {} in the middle of its answer: CODEHELPER_LLM_TOKEN_SECONDS",
                       in_seconds(limits_.between));
  }

  Error explain(const RequestContext& context, const Error& error) const {
    if (error.code == ErrorCode::timeout && context.deadline.passed()) {
      return {ErrorCode::timeout,
              "the model had not finished its answer when the time was over: CODEHELPER_LLM_SECONDS"};
    }
    return explain_lost(error, pieces_ != 0);
  }

  HttpClient& client_;
  const ModelQuestion& question_;
  ModelLimits limits_;
  const TextSink& on_text_;
  ModelAnswer answer_;
  std::unique_ptr<ModelAnswerReader> reader_;
  TokenWatchdog watchdog_;
  std::size_t pieces_ = 0;
  std::optional<Error> own_error_;  // the reader's or the caller's; it ended the call
};

/// How long to wait before the next try; nothing when there is none.
std::optional<milliseconds> pause_before_next(const RequestContext& context, const ModelFailure& failure, int tried) {
  if (!failure.is_passing || tried == kMaxTries) return std::nullopt;
  const milliseconds pause = failure.pause.value_or(kFirstPause * (1 << (tried - 1)));
  if (pause >= context.deadline.remaining()) return std::nullopt;
  context.log.warning("model_call_repeated", {{"cause", failure.error.message}, {"pause_ms", pause.count()}});
  return pause;
}

}  // namespace

Task<ModelOutcome> ask_server(RequestContext context, HttpClient& client, ModelQuestion question, ModelLimits limits,
                              const TextSink& on_text) {
  auto executor = co_await asio::this_coro::executor;
  for (int tried = 1;; ++tried) {
    Exchange exchange(executor, client, question, limits, on_text);
    auto outcome = co_await exchange.run(context);
    if (outcome) co_return outcome;
    const auto pause = pause_before_next(context, outcome.error(), tried);
    if (!pause) co_return outcome;
    const auto slept = co_await sleep_for(*pause);
    if (!slept) co_return std::unexpected(ModelFailure{slept.error()});
  }
}

Task<std::expected<HttpAnswer, ModelFailure>> call_server(RequestContext context, HttpClient& client, HttpCall call,
                                                          std::string model) {
  for (int tried = 1;; ++tried) {
    auto answer = co_await client.call(context, call);
    if (!answer) co_return std::unexpected(ModelFailure{explain_lost(answer.error(), false)});
    if (answer->status / 100 == 2) co_return std::move(*answer);
    ModelFailure failure = explain_refusal(*answer, model);
    const auto pause = pause_before_next(context, failure, tried);
    if (!pause) co_return std::unexpected(std::move(failure));
    const auto slept = co_await sleep_for(*pause);
    if (!slept) co_return std::unexpected(ModelFailure{slept.error()});
  }
}

}  // namespace codehelper
