// What follows a reply of the model: the answer, tools, or a last call that must answer. Pure, so that every way
// through the loop is tested without a model.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "codehelper/agents/language_model.hpp"

namespace codehelper {

struct LoopLimits {
  std::size_t rounds = 10;  // replies that may call tools
  std::size_t calls = 32;   // of tools, in all
  std::size_t calls_a_round = 8;
  std::size_t repeated_rounds = 2;  // in which every call was made before
  std::size_t tokens = 250'000;     // of all prompts and replies
};

struct LoopState {
  std::size_t rounds = 0;
  std::size_t calls = 0;
  std::size_t repeated_rounds = 0;  // one after the other
  std::size_t tokens = 0;
  bool is_concluding = false;       // the model was told to answer, without tools
  std::set<std::string> seen = {};  // calls, by name and arguments
};

struct RefusedCall {
  ToolCall call;
  std::string reason;  // for the model
};

enum class Move {
  finish,     // the reply is the answer, whatever there is of it
  run_tools,  // run the calls, give back their results and the refusals, and ask again
  conclude,   // give back the results and refusals, and ask for the answer without tools
};

struct NextStep {
  Move move = Move::finish;
  std::vector<ToolCall> run;
  std::vector<RefusedCall> refused;
  std::string why;  // of conclude: one sentence for people
  LoopState state;
};

/// `tools`: the names that were offered. `tokens` of the state are counted here.
NextStep next_step(LoopState state, const LoopLimits& limits, const ModelReply& reply,
                   std::span<const std::string> tools);

}  // namespace codehelper
