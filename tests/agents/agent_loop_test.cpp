#include "agents/agent_loop.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

const std::vector<std::string> kTools{"grep", "read_lines"};

ModelReply calls(std::vector<ToolCall> made) {
  ModelReply reply;
  reply.tool_calls = std::move(made);
  reply.finish = FinishReason::tool_calls;
  return reply;
}

ModelReply says(std::string text) {
  ModelReply reply;
  reply.content = std::move(text);
  return reply;
}

}  // namespace

TEST_CASE("agent loop: a reply without calls is the answer, also when the server says that it stopped for calls") {
  ModelReply reply = says("It is here.");
  reply.finish = FinishReason::tool_calls;

  CHECK(next_step({}, {}, reply, kTools).move == Move::finish);
}

TEST_CASE("agent loop: calls are run side by side, and those of unknown tools are refused with the names there are") {
  const NextStep step = next_step({}, {}, calls({{"1", "grep", R"({"pattern":"a"})"}, {"2", "rm", "{}"}}), kTools);

  CHECK(step.move == Move::run_tools);
  REQUIRE(step.run.size() == 1);
  CHECK(step.run[0].id == "1");
  REQUIRE(step.refused.size() == 1);
  CHECK(step.refused[0].call.id == "2");
  CHECK_THAT(step.refused[0].reason, Catch::Contains("grep, read_lines"));
}

TEST_CASE("agent loop: the same call is refused, however it is written; asked only again, it is told to answer") {
  const NextStep first = next_step({}, {}, calls({{"1", "grep", R"({"pattern":"a"})"}}), kTools);
  const NextStep second = next_step(first.state, {}, calls({{"2", "grep", R"( { "pattern" : "a" } )"}}), kTools);
  const NextStep third = next_step(second.state, {}, calls({{"3", "grep", R"({"pattern":"a"})"}}), kTools);
  const NextStep fourth = next_step(third.state, {}, says("That is all."), kTools);

  CHECK(second.move == Move::run_tools);
  CHECK(second.run.empty());
  CHECK(second.refused.size() == 1);
  CHECK(third.move == Move::conclude);
  CHECK_THAT(third.why, Catch::Contains("again"));
  CHECK(fourth.move == Move::finish);
}

TEST_CASE("agent loop: a new call between repeated ones is progress") {
  const ModelReply repeated = calls({{"1", "grep", R"({"pattern":"a"})"}});
  LoopState state = next_step({}, {}, repeated, kTools).state;
  for (int i = 0; i < 3; ++i) {
    state = next_step(state, {}, repeated, kTools).state;
    const std::string fresh = R"({"pattern":")" + std::to_string(i) + "\"}";
    const NextStep step = next_step(state, {}, calls({{"2", "grep", fresh}}), kTools);
    CHECK(step.move == Move::run_tools);
    state = step.state;
  }
}

TEST_CASE("agent loop: rounds, calls and tokens have caps, and after each comes one call that must answer") {
  LoopLimits rounds;
  rounds.rounds = 1;
  CHECK(next_step({}, rounds, calls({{"1", "grep", "{}"}}), kTools).move == Move::conclude);

  LoopLimits few;
  few.calls = 2;
  const NextStep step = next_step({}, few, calls({{"1", "grep", "1"}, {"2", "grep", "2"}, {"3", "grep", "3"}}), kTools);
  CHECK(step.run.size() == 2);
  CHECK(step.refused.size() == 1);
  CHECK(step.move == Move::conclude);

  LoopLimits tokens;
  tokens.tokens = 10;
  ModelReply costly = calls({{"1", "grep", "{}"}});
  costly.usage = {9, 1};
  CHECK(next_step({}, tokens, costly, kTools).move == Move::conclude);
}

TEST_CASE("agent loop: too many calls at once may be made again later") {
  LoopLimits limits;
  limits.calls_a_round = 1;
  const ModelReply reply = calls({{"1", "grep", "1"}, {"2", "grep", "2"}});
  const NextStep first = next_step({}, limits, reply, kTools);
  const NextStep second = next_step(first.state, limits, calls({{"3", "grep", "2"}}), kTools);

  CHECK(first.run.size() == 1);
  CHECK(first.refused.size() == 1);
  CHECK(second.run.size() == 1);
}

TEST_CASE("agent loop: silence is asked once more, a refusal by the server is not, and a concluding reply is the end") {
  const NextStep silent = next_step({}, {}, says(" \n"), kTools);
  CHECK(silent.move == Move::conclude);
  CHECK(next_step(silent.state, {}, says(""), kTools).move == Move::finish);
  CHECK(next_step(silent.state, {}, calls({{"1", "grep", "{}"}}), kTools).move == Move::finish);

  ModelReply refused = says("");
  refused.finish = FinishReason::refused;
  CHECK(next_step({}, {}, refused, kTools).move == Move::finish);
}
