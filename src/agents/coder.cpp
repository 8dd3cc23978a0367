#include "coder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "answer_draft.hpp"
#include "codehelper/base/elapsed.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "excerpt.hpp"
#include "prompt.hpp"

namespace codehelper {

namespace {

/// When so much of the time is left, the model is told to answer.
constexpr std::chrono::seconds kTimeToAnswer{60};
constexpr std::size_t kSummaryBytes = 200;

/// Behind the last result, so that the question stays the last thing that the user said; some models lose it otherwise.
void tell_to_answer(std::vector<ModelMessage>& messages, std::string_view why) {
  messages.back().content +=
      fmt::format("\n\nNo more tools: {}. Answer the question now with what is known, and say what is not.", why);
}

}  // namespace

void Coder::emit(const CrewEvent& event) const {
  if (on_event_) on_event_(event);
}

Task<Result<ModelReply>> Coder::ask(RequestContext context) {
  request_.tools = state_.is_concluding ? std::vector<ToolSpec>{} : tools_.specs();
  if (!make_room(request_, prompt_tokens_)) {
    co_return fail(ErrorCode::too_large, "the question and what was read don't fit in the model's context");
  }
  ++round_;
  TextSink on_text = [this, round = round_](std::string_view piece) -> Task<Result<void>> {
    emit(TokenEvent{std::string(piece), round});
    co_return Result<void>{};
  };
  ModelRequest request = request_;
  auto reply = co_await model_.ask(std::move(context), std::move(request), std::move(on_text));
  if (reply) work_.usage.add(reply->usage);
  co_return reply;
}

Task<Result<std::string>> Coder::run_tool(RequestContext context, ToolCall call) {
  emit(ToolCallEvent{call, round_});
  const auto begin = std::chrono::steady_clock::now();
  auto result = co_await tools_.call(context, call);
  if (!result) co_return std::unexpected(result.error());
  ToolResultEvent event{call.id,      call.name,           result->ok, shorten(result->summary, kSummaryBytes),
                        result->text, seconds_since(begin)};
  const bool is_run = call.name == "run_command";
  const char* const role = is_run ? "runner" : call.name == "web_search" ? "researcher" : "coder";
  on_step_({role, call.name, result->ok ? event.summary : "failed: " + event.summary, event.seconds});
  emit(event);
  co_return std::move(result->text);
}

Task<Result<void>> Coder::run_tools(RequestContext context, const ModelReply& reply, const NextStep& step) {
  if (reply.tool_calls.empty()) co_return Result<void>{};
  request_.messages.push_back({MessageRole::assistant, mask_secrets(reply.content).text, reply.tool_calls});
  std::map<std::string, std::string> texts;  // by the call's id
  for (const ToolCall& call : step.run) {
    auto text = co_await run_tool(context, call);
    if (!text) co_return std::unexpected(text.error());
    texts[call.id] = std::move(*text);
  }
  for (const RefusedCall& refused : step.refused) {
    on_step_({"coder", "refused", fmt::format("{}: {}", shorten(refused.call.name, 60), refused.reason), 0});
    emit(ToolCallEvent{refused.call, round_});
    emit(ToolResultEvent{refused.call.id, refused.call.name, false, refused.reason, refused.reason, 0});
    texts[refused.call.id] = refused.reason;
  }
  // Every call is answered, in the order in which they were made.
  for (const ToolCall& call : reply.tool_calls) {
    request_.messages.push_back({MessageRole::tool, texts[call.id], {}, call.id, call.name});
  }
  co_return Result<void>{};
}

Task<Result<CoderWork>> Coder::work(RequestContext context, CoderTask task) {
  request_.messages = std::move(task.messages);
  request_.max_output_tokens = task.max_output_tokens;
  prompt_tokens_ = task.prompt_tokens;
  limits_ = task.limits;
  co_return co_await run_loop(std::move(context));
}

Task<Result<CoderWork>> Coder::go_on(RequestContext context, std::string message) {
  request_.messages.push_back({MessageRole::assistant, mask_secrets(work_.text).text});
  request_.messages.push_back({MessageRole::user, std::move(message)});
  state_.is_concluding = false;
  co_return co_await run_loop(std::move(context));
}

Task<Result<CoderWork>> Coder::run_loop(RequestContext context) {
  std::vector<std::string> names;
  for (const ToolSpec& spec : tools_.specs()) names.push_back(spec.name);
  while (true) {
    auto reply = co_await ask(context);
    if (!reply) co_return std::unexpected(reply.error());
    NextStep step = next_step(std::move(state_), limits_, *reply, names);
    state_ = std::move(step.state);
    if (step.move == Move::finish) {
      if (is_blank(reply->content) && reply->finish == FinishReason::refused) {
        co_return fail(ErrorCode::unavailable, "its server refused to answer this question (content filter)");
      }
      if (is_blank(reply->content)) co_return fail(ErrorCode::bad_answer, "the model gave no answer");
      work_.text = std::move(reply->content);
      work_.finish = reply->finish;
      co_return work_;
    }
    const auto ran = co_await run_tools(context, *reply, step);
    if (!ran) co_return std::unexpected(ran.error());
    const bool is_late = !context.deadline.is_never() && context.deadline.remaining() < kTimeToAnswer;
    if (step.move == Move::run_tools && !is_late) continue;
    conclude(step.why.empty() ? "the time is nearly over" : step.why);
  }
}

void Coder::conclude(const std::string& why) {
  state_.is_concluding = true;
  on_step_({"coder", "conclude", "told to answer: " + why, 0});
  work_.notes.push_back("The Coder was told to answer with what it knew: " + why + ".");
  tell_to_answer(request_.messages, why);
}

}  // namespace codehelper
