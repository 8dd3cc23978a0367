// What only Ollama needs: a window of the right size, and an eye on prompts that it cuts.
#include <catch2/catch.hpp>

#include "contract/language_model_contract.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

std::int64_t window_of(const boost::json::object& question) {
  return question.at("options").at("num_ctx").as_int64();
}

}  // namespace

TEST_CASE("ollama: the window follows the need, stays when less is needed, and ends at the model's context") {
  ModelBench bench(ModelApi::ollama);
  bench.server.context_tokens = 20'000;
  bench.server.answer_with(bench.server.text().say("Yes.").finish("stop", 0, 0));

  for (const std::size_t bytes : {100U, 15'000U, 100U, 60'000U}) {
    const auto reply = bench.ask(std::string(bytes, 'x'));
    REQUIRE(reply);
  }

  const auto& questions = bench.server.questions();
  REQUIRE(questions.size() == 4);
  CHECK(window_of(questions[0]) == 4096);
  CHECK(window_of(questions[1]) == 8192);
  CHECK(window_of(questions[2]) == 8192);
  CHECK(window_of(questions[3]) == 20'000);
}

TEST_CASE("ollama: a prompt of which it read far less than it was sent is an error") {
  ModelBench bench(ModelApi::ollama);
  bench.server.answer_with(bench.server.text().say("Hello!").finish("stop", 2048, 3));

  const auto reply = bench.ask(std::string(30'000, 'x'));

  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::too_large);
  CHECK_THAT(reply.error().message, Catch::Contains("2048"));
}

TEST_CASE("ollama: a model that it lists without tools is told of them as text at once") {
  ModelBench bench(ModelApi::ollama);
  bench.server.has_tools = false;
  bench.server.answer_with(bench.server.text().say("Yes.").finish("stop", 0, 0));
  ModelRequest request;
  request.messages.push_back({MessageRole::user, "Search."});
  request.tools.push_back({"grep", "Searches.", {}});

  const auto reply = bench.ask(request);

  REQUIRE(reply);
  REQUIRE(bench.server.questions().size() == 1);
  CHECK_FALSE(bench.server.questions()[0].contains("tools"));
}
