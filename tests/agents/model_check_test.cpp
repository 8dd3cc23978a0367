#include "codehelper/agents/model_check.hpp"

#include <catch2/catch.hpp>

#include "contract/language_model_contract.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

/// A model that does what it is asked, and reads the last `window_bytes` of each prompt only.
void answer_as_asked(ModelBench& bench, std::size_t window_bytes) {
  bench.server.answer_with([&bench, window_bytes](ScriptedPeer& peer) -> Task<void> {
    std::string prompt = boost::json::serialize(bench.server.questions().back().at("messages"));
    if (prompt.size() > window_bytes) prompt.erase(0, prompt.size() - window_bytes);
    ModelText text = bench.server.text();
    if (prompt.contains("report_number")) {
      text.call("c1", "report_number", R"({"number":7})");
    } else if (prompt.contains("heron-4711")) {
      text.say("heron-4711");
    } else {
      text.say("one, ").say("two");
    }
    co_await peer.write(ModelDouble::head(200) + text.finish("stop", 0, 0).text());
  });
}

std::string faults_of(ModelBench& bench) {
  std::string faults;
  for (const ModelCheck& check : run_until_done(bench.loop, check_model(bench.context, *bench.model))) {
    if (!check.fix.empty()) faults += check.subject + ": " + check.fix + "; ";
  }
  return faults;
}

}  // namespace

TEST_CASE("model check: a model that does all that is needed has no fault") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  answer_as_asked(bench, 1'000'000);

  const auto checks = run_until_done(bench.loop, check_model(bench.context, *bench.model));

  REQUIRE(checks.size() == 4);
  for (const ModelCheck& check : checks) {
    CAPTURE(check.subject, check.state);
    CHECK(check.fix.empty());
  }
  CHECK_THAT(checks[0].state, Catch::Contains("coder:7b") && Catch::Contains("32768"));
  CHECK_THAT(checks[3].state, Catch::Contains("32768"));  // of which only a part was measured
}

TEST_CASE("model check: a prompt whose front is cut away is a fault of the context") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  answer_as_asked(bench, 8'000);

  CHECK_THAT(faults_of(bench), Catch::StartsWith("llm context: "));
}

TEST_CASE("model check: a model that only talks when it should call is a fault with the server's own fix") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(bench.server.text().say("My word is ").say("heron-4711.").finish("stop", 0, 0));

  CHECK_THAT(faults_of(bench),
             Catch::StartsWith("llm tools: ") &&
                 Catch::Contains(api == ModelApi::ollama ? "ollama show" : "--enable-auto-tool-choice"));
}

TEST_CASE("model check: a server that knows no such model or path is not told to be started") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(404, R"({"error":"model 'coder:7b' not found"})");

  CHECK_THAT(faults_of(bench), Catch::StartsWith("llm answers: correct LLM_URL, or set LLM_MODEL"));
}

TEST_CASE("model check: nothing more is asked of a model that doesn't answer") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(401, R"({"error":"no key"})");

  CHECK(faults_of(bench) == "llm answers: set LLM_API_KEY; ");
  CHECK(bench.server.questions().size() == 1);
}

TEST_CASE("model check: a call with other arguments than asked is a fault") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  ModelText wrong = bench.server.text();
  wrong.say("heron-").say("4711").call("c1", "report_number", R"({"number":8})");
  bench.server.answer_with(wrong.finish("stop", 0, 0));

  const auto checks = run_until_done(bench.loop, check_model(bench.context, *bench.model));

  REQUIRE(checks.size() == 4);
  CHECK(checks[2].subject == "llm tools");
  CHECK(checks[2].state == "the model made a wrong call");
  CHECK_FALSE(checks[2].fix.empty());
}
