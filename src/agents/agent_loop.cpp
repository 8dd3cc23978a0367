#include "agent_loop.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

/// Equal for equal calls, however their arguments are written; keys keep their order, which models keep too.
std::string key_of(const ToolCall& call) {
  const auto arguments = parse_json_object(call.arguments);
  return call.name + " " + (arguments ? to_json_text(*arguments) : call.arguments);
}

/// Why a call isn't made; empty = it is.
std::string refuse(const LoopState& state, const LoopLimits& limits, const ToolCall& call, std::size_t running,
                   std::span<const std::string> tools) {
  if (std::ranges::find(tools, call.name) == tools.end()) {
    return fmt::format("There is no tool \"{}\". The tools are: {}.", call.name, fmt::join(tools, ", "));
  }
  if (state.seen.contains(key_of(call))) {
    return "The same call was made before; its result stands above. Do something else, or answer.";
  }
  if (running >= limits.calls_a_round) {
    return fmt::format("At most {} calls are made at once; make this one again if it is still needed.",
                       limits.calls_a_round);
  }
  if (state.calls >= limits.calls) return "No more calls are left: answer with what is known.";
  return {};
}

std::string find_limit(const LoopState& state, const LoopLimits& limits) {
  if (state.repeated_rounds >= limits.repeated_rounds) return "it asked for the same things again";
  if (state.rounds >= limits.rounds) return fmt::format("it has read for {} rounds", state.rounds);
  if (state.calls >= limits.calls) return fmt::format("it has made {} calls", state.calls);
  if (state.tokens >= limits.tokens) return fmt::format("it has used {} tokens", state.tokens);
  return {};
}

}  // namespace

NextStep next_step(LoopState state, const LoopLimits& limits, const ModelReply& reply,
                   std::span<const std::string> tools) {
  NextStep step;
  step.state = std::move(state);
  LoopState& now = step.state;
  now.tokens += reply.usage.prompt + reply.usage.completion;
  if (now.is_concluding) return step;
  if (reply.tool_calls.empty()) {
    const bool is_empty = is_blank(reply.content);
    if (!is_empty || reply.finish == FinishReason::refused) return step;
    step.move = Move::conclude;
    step.why = "it said nothing";
    now.is_concluding = true;
    return step;
  }
  ++now.rounds;
  std::size_t repeated = 0;
  for (const ToolCall& call : reply.tool_calls) {
    const std::string key = key_of(call);
    std::string reason = refuse(now, limits, call, step.run.size(), tools);
    if (now.seen.contains(key)) ++repeated;
    const bool is_known = std::ranges::find(tools, call.name) != tools.end();
    if (reason.empty() || !is_known) now.seen.insert(key);
    if (!reason.empty()) {
      step.refused.push_back({call, std::move(reason)});
      continue;
    }
    ++now.calls;
    step.run.push_back(call);
  }
  now.repeated_rounds = repeated == reply.tool_calls.size() ? now.repeated_rounds + 1 : 0;
  step.why = find_limit(now, limits);
  step.move = step.why.empty() ? Move::run_tools : Move::conclude;
  now.is_concluding = step.move == Move::conclude;
  return step;
}

}  // namespace codehelper
