#include "agents/prompt.hpp"

#include <catch2/catch.hpp>

#include "agents/history.hpp"

using namespace codehelper;

namespace {

ConversationTurn turn(std::string question, std::string response) {
  ConversationTurn made;
  made.question = std::move(question);
  made.answer = {{"response", std::move(response)},
                 {"sources", {{{"path", "a.py"}, {"start_line", 1}, {"end_line", 2}}}}};
  return made;
}

}  // namespace

TEST_CASE("prompt: the window is shared out, and every share fits in it, however small it is") {
  for (const std::size_t context : {512U, 2048U, 4096U, 32768U, 1000000U}) {
    ModelFacts facts;
    facts.context_tokens = context;

    const PromptBudget budget = share_out(facts, 800, true);

    CHECK(budget.output <= context / 4);
    CHECK(budget.history + budget.evidence + budget.question + budget.output <= context);
  }
}

TEST_CASE("prompt: evidence is taken from the first on, and the first is cut when it alone is too much") {
  std::vector<EvidencePiece> pieces{{"a", std::string(300, 'x') + "\n"}, {"b", std::string(300, 'x') + "\n"}};
  CHECK(fit_evidence(pieces, 150) == 1);
  CHECK(fit_evidence(pieces, 1000) == 2);

  std::vector<EvidencePiece> large{{"a", "one\n" + std::string(3000, 'x') + "\n"}};
  CHECK(fit_evidence(large, 100) == 1);
  CHECK(large[0].lines.size() < 500);
  CHECK_THAT(large[0].lines, Catch::Contains("more bytes are not shown"));
}

TEST_CASE("prompt: the oldest results of tools make room, each with a notice") {
  ModelRequest request;
  request.messages.push_back({MessageRole::user, "question"});
  for (int i = 0; i < 3; ++i) {
    request.messages.push_back({MessageRole::tool, std::string(3000, static_cast<char>('a' + i)), {}, "id", "grep"});
  }
  const std::size_t whole = estimate_tokens(request);

  CHECK(make_room(request, whole - 100));
  CHECK_THAT(request.messages[1].content, Catch::Contains("shortened to make room"));
  CHECK(request.messages[3].content == std::string(3000, 'c'));
  CHECK_FALSE(make_room(request, 10));
}

TEST_CASE("history: the last turns stand in full, those before in short, and what is left out is said") {
  std::vector<ConversationTurn> turns;
  for (int i = 0; i < 40; ++i) turns.push_back(turn("question " + std::to_string(i), std::string(600, 'x')));

  const auto messages = make_history(turns, 1200);

  std::string text;
  std::size_t tokens = 0;
  for (const ModelMessage& message : messages) {
    text += message.content + "\n";
    tokens += estimate_tokens(message.content);
  }
  CHECK(tokens < 1400);
  CHECK_THAT(text, Catch::Contains("older questions are left out") && Catch::Contains("a.py:1-2"));
  CHECK(messages.back().content == std::string(600, 'x'));
  CHECK(messages[messages.size() - 2].content == "question 39");
  CHECK(make_history({}, 1000).empty());
}
