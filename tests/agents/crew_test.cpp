#include "codehelper/agents/crew.hpp"

#include <catch2/catch.hpp>

#include "codehelper/index/indexer.hpp"
#include "support/fake_command_runner.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;

namespace {

// A crew over a real index of a small project.
struct CrewFixture {
  CrewFixture() {
    folder.write("repo/parser.py",
                 "def parse_headers(text):\n    \"\"\"Splits header lines.\"\"\"\n    return text.split()\n");
    folder.write("repo/server.py", "def start_server(port):\n    return listen(port)\n");
    folder.write("repo/tests/test_parser.py", "def test_parse_headers():\n    assert True\n");
    store = open_embedded_store(loop, folder.path() / "data");
    embedder = make_hashing_embedder(loop);
    project = open_project((folder.path() / "repo").string()).value();
  }

  void index() { REQUIRE(run_until_done(loop, index_project({}, project, *store, *embedder, loop, {}))); }

  ChatAnswer ask(const std::string& message) {
    Retriever retriever(loop, *store, *embedder);
    Crew crew({loop, retriever, runner, "No model is configured."});
    ChatRequest request;
    request.message = message;
    request.project = project;
    auto answer = run_until_done(loop, crew.answer({}, std::move(request), {}));
    REQUIRE(answer);
    return std::move(*answer);
  }

  test::TemporaryDirectory folder;
  EventLoop loop{2};
  std::unique_ptr<VectorStore> store;
  std::unique_ptr<Embedder> embedder;
  Project project;
  test::FakeCommandRunner runner;
};

CommandResult pytest_result(int exit_code, const char* closing_line) {
  CommandResult result;
  result.exit_code = exit_code;
  result.standard_output = closing_line;
  return result;
}

}  // namespace

TEST_CASE_METHOD(CrewFixture, "crew: an answer quotes places that are verified and says that no model was asked") {
  index();

  const ChatAnswer answer = ask("where is parse_headers");

  REQUIRE_FALSE(answer.sources.empty());
  CHECK(answer.sources[0].path == "parser.py");
  CHECK(answer.sources[0].start_line == 1);
  CHECK(answer.sources[0].verified);
  CHECK_THAT(answer.response, Catch::Contains("**parser.py:1-3**"));
  CHECK_THAT(answer.response, Catch::Contains("def parse_headers(text):"));
  CHECK_THAT(answer.response, Catch::Contains("No model is configured."));
  CHECK_FALSE(answer.conversation_id.empty());
  CHECK(answer.steps.size() == 2);
}

TEST_CASE_METHOD(CrewFixture, "crew: a place that was changed since it was indexed is cited as not verified") {
  index();
  folder.write("repo/parser.py", "# a new first line\ndef parse_headers(text):\n    return None\n");

  const ChatAnswer answer = ask("where is parse_headers");

  REQUIRE_FALSE(answer.sources.empty());
  CHECK(answer.sources[0].path == "parser.py");
  CHECK_FALSE(answer.sources[0].verified);
  CHECK_THAT(answer.response, Catch::Contains("changed since it was indexed"));
}

TEST_CASE_METHOD(CrewFixture, "crew: a project without an index is told, not searched") {
  const ChatAnswer answer = ask("where is parse_headers");

  CHECK(answer.outcome == "not_indexed");
  CHECK(answer.sources.empty());
  CHECK_THAT(answer.response, Catch::Contains("POST /project"));
}

TEST_CASE_METHOD(CrewFixture, "crew: tests that ran and passed are reported with their number") {
  runner.answer = pytest_result(0, "===== 12 passed in 0.10s =====\n");

  const ChatAnswer answer = ask("run the tests");

  REQUIRE(runner.asked.size() == 1);
  CHECK(runner.asked[0].command == std::vector<std::string>{"pytest"});
  CHECK_THAT(answer.response, Catch::Contains("The tests passed: `pytest` ran 12 tests."));
}

TEST_CASE_METHOD(CrewFixture, "crew: a run without a test is no pass") {
  runner.answer = pytest_result(0, "===== no tests ran in 0.01s =====\n");

  const ChatAnswer answer = ask("run the tests");

  CHECK_THAT(answer.response, Catch::Contains("ran no test"));
  CHECK_THAT(answer.response, !Catch::Contains("passed"));
}

TEST_CASE_METHOD(CrewFixture, "crew: failures are counted, and a Runner that is down is said") {
  runner.answer = pytest_result(1, "===== 2 failed, 3 passed in 0.10s =====\n");
  CHECK_THAT(ask("run the tests").response, Catch::Contains("2 of 5 tests failed"));

  runner.answer = fail(ErrorCode::unavailable, "the Runner refused the connection");
  CHECK_THAT(ask("run the tests").response, Catch::Contains("the Runner refused the connection"));
}
