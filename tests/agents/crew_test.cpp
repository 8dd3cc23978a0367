#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "agents/crew_fixture.hpp"
#include "codehelper/base/text.hpp"

using namespace codehelper;
using codehelper::test::CrewFixture;

namespace {

Chunk make_chunk(std::string path, std::string text, int lines) {
  Chunk chunk;
  chunk.path = std::move(path);
  chunk.language = "markdown";
  chunk.end_line = lines;
  chunk.text = std::move(text);
  return chunk;
}

std::string repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

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
  CHECK_THAT(answer.response, Catch::Contains("No model is configured (LLM_URL)"));
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

TEST_CASE_METHOD(CrewFixture, "crew: what a run's numbers count is said as it is") {
  struct Example {
    int exit_code;
    const char* output;
    const char* sentence;
  };
  for (const Example& example : std::vector<Example>{
           {1, "===== 2 failed, 3 passed in 0.10s =====\n",
            "The tests failed: `pytest` ended with status 1, 2 of 5 tests failed."},
           {0, "===== 1 passed in 0.10s =====\n", "The tests passed: `pytest` ran 1 test."},
           {0, "ok  \texample.com/a\t0.1s\nok  \texample.com/b\t0.1s\n", "The tests passed: `pytest` ran 2 packages."},
           {1, "ok  \texample.com/a\t0.1s\nFAIL\texample.com/b\t0.1s\n", "1 of 2 packages failed."},
           {0, "?   \texample.com/a\t[no test files]\n", "`pytest` ran no test (exit status 0)."},
           {0, "all good\n", "its output doesn't say how many tests ran."},
           {127, "", "The test run failed: `pytest` ended with status 127."},
           {101, "===== 1 passed in 0.10s =====\n", "ended with status 101, although it ran 1 test and none failed."},
       }) {
    runner.answer = pytest_result(example.exit_code, example.output);

    CHECK_THAT(ask("run the tests").response, Catch::StartsWith(example.sentence) || Catch::Contains(example.sentence));
  }
}

TEST_CASE_METHOD(CrewFixture, "crew: a Runner that is down is said, with the cause") {
  runner.answer = fail(ErrorCode::unavailable, "the Runner refused the connection");

  const ChatAnswer answer = ask("run the tests");

  CHECK_THAT(answer.response, Catch::Contains("the run failed: the Runner refused the connection"));
}

TEST_CASE_METHOD(CrewFixture, "crew: long output and long errors are cut, and how much is missing is said") {
  runner.answer = pytest_result(0, "");
  runner.answer->standard_output = repeat("€", 100'000) + "\n===== 1 passed in 0.10s =====\n";
  const ChatAnswer output = ask("run the tests");
  runner.answer = fail(ErrorCode::unavailable, repeat("€", 100'000));
  const ChatAnswer error = ask("run the tests");

  CHECK_THAT(output.response, Catch::Contains("(300001 of 300031 bytes are left out)"));
  CHECK(output.response.size() < 3000);
  CHECK_THAT(error.response, Catch::Contains("(299502 bytes left out)"));
  CHECK(error.response.size() < 3000);
  CHECK(error.steps.back().outcome.size() < 1000);
}

TEST_CASE_METHOD(CrewFixture, "crew: a quotation of a huge line is cut between characters") {
  fake_store.fill(embedder->identity(), {make_chunk("bundle.md", repeat("€", 400'000) + "\n", 1)});

  const ChatAnswer answer = ask("where is the bundle", fake_store);

  CHECK_THAT(answer.response, Catch::Contains("€\n```\n(1195906 of its 1200001 bytes are left out)"));
  CHECK(answer.response == to_valid_utf8(answer.response));
  CHECK(answer.response.size() < 6000);
  CHECK(answer.sources.size() == 1);
}

TEST_CASE_METHOD(CrewFixture, "crew: a quotation ends between lines, and its fence holds what it quotes") {
  const std::string line = "```sh and more words of this line ```` " + std::string(160, 'x') + "\n";
  fake_store.fill(embedder->identity(), {make_chunk("README.md", repeat(line, 29), 29)});

  const ChatAnswer answer = ask("where is the readme", fake_store);

  const std::size_t begin = answer.response.find("\n`````markdown\n") + std::string("\n`````markdown\n").size();
  const std::size_t end = answer.response.find("\n`````\n");
  REQUIRE(end != std::string::npos);
  CHECK(answer.response.substr(begin, end + 1 - begin) == repeat(line, 20));
  CHECK_THAT(answer.response, Catch::Contains("(1800 of its 5800 bytes are left out)"));
}

TEST_CASE_METHOD(CrewFixture, "crew: an answer that is long enough names the other places without their text") {
  std::vector<Chunk> chunks;
  for (int i = 0; i < 5; ++i) {
    chunks.push_back(make_chunk("file" + std::to_string(i) + ".md", repeat(std::string(79, 'x') + "\n", 60), 60));
    chunks.back().language = repeat("l", 2000);
    chunks.back().symbol = repeat("s", 100'000);
    for (int name = 0; name < 10; ++name) chunks.back().definitions.push_back(std::to_string(i * 10 + name));
  }
  fake_store.fill(embedder->identity(), chunks);

  const ChatAnswer answer = ask("where is it defined", fake_store);

  CHECK(answer.sources.size() == 5);
  for (int i = 0; i < 5; ++i) CHECK_THAT(answer.response, Catch::Contains(fmt::format("**file{}.md:1-60**", i)));
  CHECK_THAT(answer.response, Catch::Contains(", and 30 more."));
  CHECK(answer.response.size() < 24 * 1024);
}

TEST_CASE_METHOD(CrewFixture, "crew: a store that can't be reached is said, with the cause") {
  fake_store.failure = Error{ErrorCode::unavailable, "the store refused the connection"};

  const ChatAnswer answer = ask("where is parse_headers", fake_store);

  CHECK(answer.outcome == "search_failed");
  CHECK_THAT(answer.response, Catch::Contains("retrieval is down: the store refused the connection"));
}
