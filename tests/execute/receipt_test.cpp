#include <catch2/catch.hpp>

#include "codehelper/execute/receipt.hpp"

using namespace codehelper;
namespace json = boost::json;

namespace {

Receipt receipt_of(std::vector<std::string> command, int exit_code, std::string output) {
  CommandResult result;
  result.run_id = "run-1";
  result.arguments = std::move(command);
  result.exit_code = exit_code;
  result.standard_output = std::move(output);
  result.duration_seconds = 0.5;
  result.output_sha256 = std::string(64, 'a');
  result.error_sha256 = std::string(64, 'b');
  return make_receipt(result);
}

}  // namespace

TEST_CASE("receipt: says what was run, how it ended and what proves it") {
  const Receipt receipt = receipt_of({"pytest", "-q"}, 1, "==== 1 failed, 2 passed, 3 skipped in 0.10s ====\n");

  CHECK(to_json(receipt) == json::object{{"run_id", "run-1"},
                                         {"argv", {"pytest", "-q"}},
                                         {"exit_code", 1},
                                         {"timed_out", false},
                                         {"duration_seconds", 0.5},
                                         {"tests_outcome", "failed"},
                                         {"tests", {{"run", 3}, {"failed", 1}, {"skipped", 3}, {"unit", "tests"}}},
                                         {"stdout_sha256", std::string(64, 'a')},
                                         {"stderr_sha256", std::string(64, 'b')}});
  CHECK(to_json(receipt_of({"make"}, 0, "built\n")).at("tests").is_null());
}

TEST_CASE("receipt: passed is said only of tests that ran, with none that failed and a status of 0") {
  struct Example {
    int exit_code;
    const char* output;
    const char* verdict;
  };
  for (const Example& example : std::vector<Example>{
           {0, "==== 3 passed in 0.10s ====\n", "The tests passed: `pytest` ran 3 tests."},
           {0, "==== no tests ran in 0.10s ====\n", "`pytest` ran no test (exit status 0)."},
           {5, "==== no tests ran in 0.10s ====\n", "`pytest` ran no test (exit status 5)."},
           {1, "==== 1 failed, 2 passed in 0.10s ====\n",
            "The tests failed: `pytest` ended with status 1, 1 of 3 tests failed."},
           {3, "==== 2 passed in 0.10s ====\n",
            "The test run failed: `pytest` ended with status 3, although it ran 2 tests and none failed."},
           {0, "fine\n", "`pytest` ended with status 0; its output doesn't say how many tests ran."},
           {2, "oh\n", "The test run failed: `pytest` ended with status 2."},
       }) {
    CHECK(describe_verdict(receipt_of({"pytest"}, example.exit_code, example.output)) == example.verdict);
  }
  Receipt late = receipt_of({"pytest"}, -1, "==== 2 passed in 0.10s ====\n");
  late.timed_out = true;
  CHECK(describe_verdict(late) == "`pytest` was ended at its time limit.");
}

TEST_CASE("receipt: a test command succeeds only with tests that are known to have run, another one by its status") {
  struct Example {
    std::vector<std::string> command;
    int exit_code;
    const char* output;
    bool is_success;
  };
  for (const Example& example : std::vector<Example>{
           {{"pytest"}, 0, "==== 3 passed in 0.10s ====\n", true},
           {{"pytest"}, 0, "fine\n", false},
           {{"make", "test"}, 0, "fine\n", false},
           {{"make", "lint"}, 0, "fine\n", true},
           {{"make", "lint"}, 1, "fine\n", false},
           {{"python3", "check.py"}, 0, "", true},
           {{"python3", "check.py"}, 0, "==== no tests ran in 0.10s ====\n", false},
           {{"python3", "check.py"}, 0, "==== 1 failed in 0.10s ====\n", false},
           {{"cargo", "build"}, 0, "", true},
       }) {
    CAPTURE(example.command, example.output);
    CHECK(is_success(receipt_of(example.command, example.exit_code, example.output)) == example.is_success);
  }
}

TEST_CASE("receipt: a run that was ended at its time limit is no success") {
  Receipt receipt = receipt_of({"python3", "x.py"}, 0, "");
  receipt.timed_out = true;

  CHECK_FALSE(is_success(receipt));
}

TEST_CASE("test command: runners and test targets are known, and what only resembles them isn't") {
  using Command = std::vector<std::string>;
  for (const Command& command : std::vector<Command>{{"pytest", "-q"},
                                                     {"python3", "-m", "pytest"},
                                                     {"python", "-X", "dev", "-m", "unittest"},
                                                     {"npm", "test"},
                                                     {"npm", "--silent", "run", "test:unit"},
                                                     {"npx", "vitest", "run"},
                                                     {"node", "--test"},
                                                     {"cargo", "test"},
                                                     {"go", "test", "./..."},
                                                     {"mvn", "-q", "test"},
                                                     {"gradle", ":app:test"},
                                                     {"gradle", "integrationTest"},
                                                     {"ctest", "--test-dir", "build"},
                                                     {"make", "-j2", "check"}}) {
    CAPTURE(command);
    CHECK(is_test_command(command));
  }
  for (const Command& command : std::vector<Command>{{},
                                                     {"python3", "test.py"},
                                                     {"npm", "run", "build"},
                                                     {"npx", "eslint", "tests"},
                                                     {"node", "server.js"},
                                                     {"cargo", "build"},
                                                     {"go", "vet"},
                                                     {"mvn", "package"},
                                                     {"make", "latest"},
                                                     {"make", "CHECK=test"},
                                                     {"cmake", "--build", "build"}}) {
    CAPTURE(command);
    CHECK_FALSE(is_test_command(command));
  }
}
