#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/execute/command_result_json.hpp"
#include "codehelper/execute/command_runner.hpp"
#include "codehelper/net/sse.hpp"

namespace codehelper {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unexpected<Error> fail_with_nonsense(std::string_view detail) {
  return fail(ErrorCode::unavailable, "the Runner's answer is not understood: " + std::string(detail));
}

Result<CommandResult> parse_result(std::string_view text) {
  auto object = parse_json_object(text);
  if (!object) return fail_with_nonsense(object.error().message);
  auto result = parse_command_result(*object);
  if (!result) return fail_with_nonsense(result.error().message);
  return result;
}

// The Runner's own words: "message" of the error envelope, or "error" of the short form.
std::optional<std::string> error_text(const boost::json::object& object) {
  for (const std::string_view field : {"message", "error"}) {
    const auto text = optional_string(object, field);
    if (text && *text) return *text;
  }
  return std::nullopt;
}

// An answer that is no result.
Error make_error(const HttpAnswer& answer) {
  const auto object = parse_json_object(answer.body);
  const auto text = object ? error_text(*object) : std::nullopt;
  const std::string message =
      text.value_or("the Runner answered with status " + std::to_string(answer.status) + " and no reason");
  if (object && text_in(*object, "error") == kPatchDoesNotApply) return {ErrorCode::conflict, message};
  switch (answer.status) {
    case 401:
    case 403:
      return {ErrorCode::unavailable,
              "the Runner refuses this server (" + message + "); set CODEHELPER_RUNNER_TOKEN to a token that it takes"};
    case 400:
    case 422:
      return {ErrorCode::invalid_input, message};
    case 413:
      return {ErrorCode::too_large, message};
    case 503:
      return {ErrorCode::overloaded, message};
    case 504:
      return {ErrorCode::timeout, message};
    default:
      return {ErrorCode::unavailable,
              "the Runner answered with status " + std::to_string(answer.status) + ": " + message};
  }
}

// Takes the events of a run as they come. No I/O.
class RunEvents {
 public:
  explicit RunEvents(RunListener listener) : listener_(std::move(listener)) {}

  // Errors: unavailable for nonsense, and what the Runner itself reports.
  Result<void> feed(std::string_view bytes) {
    auto events = parser_.feed(bytes);
    if (!events) return fail_with_nonsense(events.error().message);
    for (const SseEvent& event : *events) {
      if (const auto taken = take(event); !taken) return taken;
    }
    return {};
  }

  Result<CommandResult> result() const {
    if (!result_) return fail(ErrorCode::unavailable, "the Runner's answer broke off before the command's end");
    return *result_;
  }

 private:
  Result<void> take(const SseEvent& event) {
    if (event.event == "stdout") return take_output(OutputStream::standard_output, event.data);
    if (event.event == "stderr") return take_output(OutputStream::standard_error, event.data);
    if (event.event == "started" && listener_.on_started) listener_.on_started();
    if (event.event == "queued" && listener_.on_queued) return take_position(event.data);
    if (event.event == "exit") {
      auto result = parse_result(event.data);
      if (!result) return std::unexpected(result.error());
      result_ = std::move(*result);
    }
    if (event.event == "error") return std::unexpected(parse_late_error(event.data));
    return {};  // other events are for other readers
  }

  Result<void> take_position(std::string_view data) {
    const auto object = parse_json_object(data);
    if (!object) return fail_with_nonsense(object.error().message);
    listener_.on_queued(count_in(*object, "position"));
    return {};
  }

  Result<void> take_output(OutputStream stream, std::string_view data) {
    const auto object = parse_json_object(data);
    if (!object) return fail_with_nonsense(object.error().message);
    const auto text = required_string(*object, "data");
    if (!text) return fail_with_nonsense(text.error().message);
    if (listener_.on_output) listener_.on_output(stream, *text);
    return {};
  }

  // The status is sent by then, so the error's own name tells its kind.
  static Error parse_late_error(std::string_view data) {
    const auto object = parse_json_object(data);
    if (!object) return fail_with_nonsense(object.error().message).error();
    const auto text = error_text(*object);
    if (text_in(*object, "error") == kPatchDoesNotApply) {
      return {ErrorCode::conflict, text.value_or("no reason given")};
    }
    for (const std::string_view field : {"code", "error"}) {
      const auto name = optional_string(*object, field);
      if (!name || !*name) continue;
      for (const ErrorCode code :
           {ErrorCode::invalid_input, ErrorCode::too_large, ErrorCode::overloaded, ErrorCode::timeout}) {
        if (**name == to_string(code)) return {code, text.value_or("no reason given")};
      }
    }
    return {ErrorCode::unavailable, "the Runner could not finish the command: " + text.value_or("no reason given")};
  }

  RunListener listener_;
  SseParser parser_{std::size_t{64} * 1024 * 1024};  // the exit event holds all kept output again
  std::optional<CommandResult> result_;
};

Task<Result<void>> feed(std::shared_ptr<RunEvents> events, std::string_view piece) {
  co_return events->feed(piece);
}

class RemoteRunner final : public CommandRunner {
 public:
  RemoteRunner(HttpClient& client, milliseconds limit) : client_(client), limit_(limit) {}

  Task<Result<CommandResult>> run(RequestContext context, ExecuteRequest request, RunListener listener) override {
    const auto allowed = require_scope(context.caller, Scope::run);
    if (!allowed) co_return std::unexpected(allowed.error());
    // Not more than anyone waits for. Whole seconds: the contract's type.
    const milliseconds left = std::min(limit_, context.deadline.remaining());
    const seconds whole = std::chrono::floor<seconds>(std::min(request.timeout, left));
    request.timeout = std::max(whole, seconds(1));

    HttpCall call;
    call.method = "POST";
    call.target = "/execute";
    call.headers.add("Content-Type", "application/json");
    call.body = boost::json::serialize(to_json(request));
    call.limit = limit_;
    if (listener.on_output || listener.on_queued || listener.on_started) {
      Task<Result<CommandResult>> streaming = run_streamed(std::move(context), std::move(call), std::move(listener));
      co_return co_await std::move(streaming);
    }
    call.headers.add("Accept", "application/json");
    auto answer = co_await client_.call(std::move(context), std::move(call));
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->status != 200) co_return std::unexpected(make_error(*answer));
    co_return parse_result(answer->body);
  }

 private:
  Task<Result<CommandResult>> run_streamed(RequestContext context, HttpCall call, RunListener listener) {
    call.headers.add("Accept", "text/event-stream");
    auto events = std::make_shared<RunEvents>(std::move(listener));
    HttpClient::BodySink sink = [events](std::string_view piece) { return feed(events, piece); };
    auto answer = co_await client_.stream(std::move(context), std::move(call), std::move(sink));
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->status != 200) co_return std::unexpected(make_error(*answer));
    co_return events->result();
  }

  HttpClient& client_;
  milliseconds limit_;
};

}  // namespace

std::unique_ptr<CommandRunner> make_remote_runner(HttpClient& client, milliseconds limit) {
  return std::make_unique<RemoteRunner>(client, limit);
}

}  // namespace codehelper
