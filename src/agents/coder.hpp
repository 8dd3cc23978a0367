// The Coder's loop: ask the model, run the tools it calls, give back the results, until it answers or a cap is reached.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent_loop.hpp"
#include "codehelper/agents/crew.hpp"
#include "codehelper/agents/tool_box.hpp"

namespace codehelper {

struct CoderTask {
  std::vector<ModelMessage> messages;
  std::size_t max_output_tokens = 2048;
  std::size_t prompt_tokens = 0;  // that a prompt may have
  LoopLimits limits = {};
};

struct CoderWork {
  std::string text;  // the answer
  FinishReason finish = FinishReason::stop;
  TokenUsage usage;                // of all calls
  std::vector<std::string> notes;  // for people
};

class Coder {
 public:
  using StepSink = std::function<void(ChatStep)>;
  /// All outlive it. `on_step` and `on_event` are called as things happen.
  Coder(LanguageModel& model, ToolBox& tools, StepSink on_step, const CrewSink& on_event)
      : model_(model), tools_(tools), on_step_(std::move(on_step)), on_event_(on_event) {}

  /// Errors: those of LanguageModel::ask(); bad_answer when the model says nothing even when told to answer.
  Task<Result<CoderWork>> work(RequestContext context, CoderTask task);
  /// Goes on after an answer, with what is to be said to it. Errors: as work().
  Task<Result<CoderWork>> go_on(RequestContext context, std::string message);

 private:
  /// Until there is an answer. The work so far is in work_.
  Task<Result<CoderWork>> run_loop(RequestContext context);
  Task<Result<ModelReply>> ask(RequestContext context);
  /// Runs the step's calls and appends what the model is told of them.
  Task<Result<void>> run_tools(RequestContext context, const ModelReply& reply, const NextStep& step);
  Task<Result<std::string>> run_tool(RequestContext context, ToolCall call);
  void conclude(const std::string& why);
  void emit(const CrewEvent& event) const;

  LanguageModel& model_;
  ToolBox& tools_;
  StepSink on_step_;
  const CrewSink& on_event_;
  ModelRequest request_;
  std::size_t prompt_tokens_ = 0;
  LoopLimits limits_;
  LoopState state_;
  std::size_t round_ = 0;
  CoderWork work_;
};

}  // namespace codehelper
