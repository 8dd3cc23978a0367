#include <catch2/catch.hpp>

#include "codehelper/agents/crew.hpp"

using namespace codehelper;

namespace {

struct Example {
  const char* message;
  bool search;
  bool run_tests;
};

}  // namespace

TEST_CASE("chat plan: tests are run when the message asks for it, and the code is searched for the rest") {
  const Example example = GENERATE(values<Example>({
      {"run the tests", false, true},
      {"Please run all unit tests again.", false, true},
      {"can you run pytest", false, true},
      {"please run the test suite", false, true},
      {"do the tests pass?", false, true},
      {"Do all the tests still pass?", false, true},
      {"run cargo test", false, true},
      {"execute ctest", false, true},
      {"Execute `go test ./...`", false, true},
      {"Could you please run npm test?", false, true},
      {"run mvn test", false, true},
      {"run gradle test now", false, true},
      {"run make check", false, true},
      {"rerun the tests with -v", false, true},
      {"re-run our whole test suite", false, true},
      {"launch jest", false, true},
      {"pytest -q", false, true},
      {"cargo test", false, true},
      {"npm run test", false, true},
      {"Hi! Run all of the tests, please.", false, true},
      {"I'd like you to run the project's tests", false, true},
      {"let’s run the tests", false, true},
      {"Are our tests green?", false, true},
      {"Is the test suite passing?", false, true},
      {"Does the test suite pass?", false, true},
      {"Did the tests fail?", false, true},
      {"check whether the tests pass", false, true},
      {"make sure that all tests pass", false, true},
      {"tell me which tests are failing", false, true},
      {"How many tests fail?", false, true},
      {"which tests fail?", false, true},
      {"Before I merge, run the tests", true, true},
      {"run the tests and show me where requests are parsed", true, true},
      {"Where is the parser? And run the tests.", true, true},
      {"run the tests and don't stop at the first failure", true, true},
      {"run the parser's tests", true, true},
  }));

  const ChatPlan plan = make_plan(example.message);

  INFO(example.message);
  CHECK(plan.search == example.search);
  CHECK(plan.run_tests == example.run_tests);
}

TEST_CASE("chat plan: a question about tests, a wish to leave them alone and all else run nothing") {
  const char* const message = GENERATE(values<const char*>({
      "",
      "?!",
      "how do I run the tests?",
      "How do I build the project and run the tests?",
      "explain how to build and run the tests",
      "where do we run the tests",
      "how are tests executed",
      "what does run_tests do",
      "what does `cargo test` do here?",
      "Can I run the tests without Docker?",
      "should we run the tests in CI?",
      "When do we run the tests",
      "who calls run()",
      "where are the tests of the parser",
      "why does test_login fail",
      "why do the tests fail on Windows?",
      "When I run the tests, the parser crashes",
      "If the tests fail, what is logged?",
      "Where is run_tests defined?",
      "what does run_test_case do?",
      "Are there tests for failing logins?",
      "do the tests pass a token to the server?",
      "which tests cover the parser",
      "show me the tests",
      "write tests for the parser",
      "fix the failing tests",
      "run the test server",
      "start the server that the tests use",
      "run the linter, not the tests",
      "pytest fixtures of this project",
      "go to the tests of the parser",
      "make the tests pass",
      "don't run the tests",
      "don’t run the tests, just explain the layout",
      "do not run pytest",
      "never run the test suite",
      "without running the tests",
      "explain the layout without running the tests",
      "no need to run the tests",
      "Run the tests? No, please don't run them.",
      "the docs say we run the tests nightly",
      "cargo test fails with E0308, why?",
  }));

  const ChatPlan plan = make_plan(message);

  INFO(message);
  CHECK(plan.search);
  CHECK_FALSE(plan.run_tests);
}
