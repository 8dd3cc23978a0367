// A LanguageModel that plays a script: one reply or error a call, in order; what it was asked is recorded.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "codehelper/agents/language_model.hpp"

namespace codehelper::test {

class FakeLanguageModel final : public LanguageModel {
 public:
  Task<Result<ModelFacts>> describe(RequestContext) override {
    if (failure) co_return std::unexpected(*failure);
    co_return facts;
  }

  Task<Result<ModelReply>> ask(RequestContext, ModelRequest request, TextSink on_text) override {
    asked.push_back(request);
    if (on_ask) on_ask();
    Result<ModelReply> next = fail(ErrorCode::unavailable, "the script is over");
    if (!script.empty()) {
      next = script.front();
      script.pop_front();
    } else if (endless) {
      next = *endless;
    }
    if (next && on_text && !next->content.empty()) {
      const auto told = co_await on_text(next->content);
      if (!told) co_return std::unexpected(told.error());
    }
    co_return next;
  }

  FakeLanguageModel& say(std::string text, FinishReason finish = FinishReason::stop) {
    ModelReply reply;
    reply.content = std::move(text);
    reply.finish = finish;
    reply.usage = {100, 10};
    script.emplace_back(std::move(reply));
    return *this;
  }
  FakeLanguageModel& call(std::vector<ToolCall> calls) {
    ModelReply reply;
    reply.tool_calls = std::move(calls);
    reply.finish = FinishReason::tool_calls;
    reply.usage = {100, 10};
    script.emplace_back(std::move(reply));
    return *this;
  }
  FakeLanguageModel& fall(ErrorCode code, std::string message) {
    script.emplace_back(fail(code, std::move(message)));
    return *this;
  }

  ModelFacts facts{"openai-compatible", "scripted", {"scripted"}, 32'768, true, ToolSupport::native};
  std::optional<Error> failure;  // of describe()
  std::deque<Result<ModelReply>> script;
  std::optional<ModelReply> endless;  // when the script is over
  std::vector<ModelRequest> asked;
  std::function<void()> on_ask;
};

}  // namespace codehelper::test
