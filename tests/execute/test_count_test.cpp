// The outputs are real ones, shortened to their last lines.
#include <catch2/catch.hpp>

#include <string_view>

#include "codehelper/execute/test_command.hpp"

using codehelper::count_tests;
using codehelper::describe_number;
using codehelper::judge_tests;
using codehelper::TestCount;
using codehelper::TestUnit;

namespace {

void check(std::string_view output, std::string_view error, long run, long failed, TestUnit unit = TestUnit::tests) {
  const TestCount count = count_tests(output, error);

  CAPTURE(output, error);
  CHECK(count.known);
  CHECK(count.run == run);
  CHECK(count.failed == failed);
  CHECK(count.unit == unit);
  CHECK(count.ran_nothing() == (run == 0));
}

}  // namespace

TEST_CASE("test count: pytest") {
  check(
      "test_a.py:4: AssertionError\n"
      "=========================== short test summary info ============================\n"
      "FAILED test_a.py::test_bad - assert 1 == 2\n"
      "ERROR test_a.py::test_err - RuntimeError: x\n"
      "========== 1 failed, 2 passed, 1 skipped, 1 xfailed, 1 error in 0.02s ==========\n",
      "", 5, 2);
  check("1 failed, 2 passed, 1 skipped, 1 xfailed, 1 error in 0.03s\n", "", 5, 2);
  check("\x1b[32m======== \x1b[32m\x1b[1m12 passed\x1b[0m\x1b[32m in 75.30s (0:01:15)\x1b[0m\x1b[32m ========\x1b[0m\n",
        "", 12, 0);
  check("collected 0 items\n\n============================ no tests ran in 0.01s ============================\n", "", 0,
        0);
  check("6 deselected in 0.01s\n", "", 0, 0);
  check("==================== 2 passed, 3 warnings in 0.10s ====================\n", "", 2, 0);
}

TEST_CASE("test count: unittest, on standard error") {
  check("",
        "AssertionError: 1 != 2\n\n"
        "----------------------------------------------------------------------\n"
        "Ran 4 tests in 0.001s\n\n"
        "FAILED (failures=1, errors=1, skipped=1)\n",
        3, 2);
  check("", "...\n----------------------------------------------------------------------\nRan 1 test in 0.000s\n\nOK\n",
        1, 0);
  check("printed by a test\n", "Ran 3 tests in 0.001s\n\nFAILED (errors=2)\n", 3, 2);
  check("", "Ran 2 tests in 0.001s\n\nOK (skipped=1)\n", 1, 0);
}

TEST_CASE("test count: node --test") {
  check(
      "ok 4 - d # SKIP\n1..4\n# tests 4\n# suites 0\n# pass 2\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n"
      "# duration_ms 178.177991\n",
      "", 3, 1);
  check("ℹ tests 3\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ cancelled 1\nℹ skipped 0\nℹ todo 0\nℹ duration_ms 60.1\n", "", 3,
        1);
}

TEST_CASE("test count: jest, on standard error") {
  check("",
        "Test Suites: 1 failed, 1 total\n"
        "Tests:       1 failed, 1 skipped, 2 passed, 4 total\n"
        "Snapshots:   0 total\nTime:        0.826 s\nRan all test suites.\n",
        3, 1);
}

TEST_CASE("test count: vitest, in colours") {
  check(
      "\x1b[2m Test Files \x1b[22m \x1b[1m\x1b[31m1 failed\x1b[39m\x1b[22m\x1b[90m (1)\x1b[39m\n"
      "\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[31m1 failed\x1b[39m\x1b[22m\x1b[2m | \x1b[22m\x1b[1m\x1b[32m2 "
      "passed\x1b[39m\x1b[22m\x1b[2m | \x1b[22m\x1b[33m1 skipped\x1b[39m\x1b[90m (4)\x1b[39m\n"
      "\x1b[2m   Start at \x1b[22m 03:49:09\n",
      "", 3, 1);
}

TEST_CASE("test count: mocha") {
  check(
      "  s\n    ✔ a\n    ✔ b\n    1) c\n    - d\n\n\n  2 passing (10ms)\n  1 pending\n  1 failing\n\n  1) s\n       "
      "c:\n",
      "", 3, 1);
  check("\n  5 passing (1s)\n\n", "", 5, 0);
}

TEST_CASE("test count: cargo, over all test binaries") {
  check(
      "running 3 tests\ntest tests::a ... ok\n"
      "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n"
      "running 2 tests\ntest y ... FAILED\n"
      "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.45s\n"
      "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n"
      "all doctests ran in 0.94s; merged doctests compilation took 0.93s\n",
      "error: test failed, to rerun pass `--test it`\n", 5, 1);
}

TEST_CASE("test count: go test tells packages, and tests with -v") {
  check(
      "ok  \texample.com/demo/a\t0.008s\n--- FAIL: TestC (0.00s)\n    b_test.go:3: bad\nFAIL\n"
      "FAIL\texample.com/demo/b\t0.009s\n?   \texample.com/demo/c\t[no test files]\nFAIL\n",
      "", 2, 1, TestUnit::packages);
  check("ok  \texample.com/demo/a\t(cached)\nok  \texample.com/demo/b\t0.002s [no tests to run]\n", "", 1, 0,
        TestUnit::packages);
  check("FAIL\texample.com/demo/a [build failed]\nFAIL\n", "a.go:3: undefined: x\n", 1, 1, TestUnit::packages);
  check(
      "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n=== RUN   TestB/sub\n--- PASS: TestB (0.00s)\n"
      "    --- PASS: TestB/sub (0.00s)\n=== RUN   TestS\n    a_test.go:5: x\n--- SKIP: TestS (0.00s)\nPASS\n"
      "ok  \texample.com/demo/a\t0.004s\n=== RUN   TestC\n    b_test.go:3: bad\n--- FAIL: TestC (0.00s)\nFAIL\n"
      "FAIL\texample.com/demo/b\t0.003s\n?   \texample.com/demo/c\t[no test files]\nFAIL\n",
      "", 3, 1);
  check("=== RUN   TestC\n--- FAIL: TestC (0.00s)\nFAIL\nFAIL\texample.com/demo/b\t0.003s\n", "", 1, 1);
}

TEST_CASE("test count: a go test that finds nothing has run nothing") {
  check("?   \texample.com/demo/c\t[no test files]\n", "", 0, 0, TestUnit::packages);
  check("ok  \texample.com/demo/a\t0.002s [no tests to run]\n", "", 0, 0, TestUnit::packages);
  check("=== RUN   TestS\n--- SKIP: TestS (0.00s)\nPASS\nok  \texample.com/demo/a\t0.002s\n", "", 0, 0);
}

TEST_CASE("test count: ctest") {
  check("67% tests passed, 1 tests failed out of 3\n\nTotal Test time (real) =   0.02 sec\n", "", 3, 1);
  check("100% tests passed, 0 tests failed out of 120\n", "", 120, 0);
  check("0% tests passed, 1 test failed out of 1\n", "", 1, 1);
  check(
      "100% tests passed, 0 tests failed out of 2\n\nTotal Test time (real) =   0.01 sec\n\n"
      "The following tests did not run:\n\t  2 - slow (Skipped)\n",
      "", 1, 0);
  check("Test project /p/build\n", "No tests were found!!!\n", 0, 0);
}

TEST_CASE("test count: Maven Surefire, over all modules") {
  check(
      "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.03 s -- in demo.AppTest\n"
      "[ERROR] Tests run: 3, Failures: 1, Errors: 1, Skipped: 1, Time elapsed: 0.05 s <<< FAILURE! -- in demo.BadTest\n"
      "[INFO] Results:\n[INFO] \n[ERROR] Failures: \n[ERROR]   BadTest.c:12 expected: <1> but was: <2>\n"
      "[ERROR] Tests run: 5, Failures: 1, Errors: 1, Skipped: 1\n[INFO] \n"
      "[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 0\n",
      "", 8, 2);
}

TEST_CASE("test count: Gradle") {
  check("> Task :test FAILED\n\nDemoTest > bad() FAILED\n\n3 tests completed, 1 failed, 1 skipped\n", "", 2, 1);
}

TEST_CASE("test count: runners that find no test say so") {
  check("", "No tests found, exiting with code 1\nRun with `--passWithNoTests` to exit with code 0\n", 0, 0);
  check("\nNo test files found, exiting with code 1\n", "", 0, 0);
  check("[INFO] --- surefire:3.2.5:test (default-test) @ demo ---\n[INFO] No tests to run.\n", "", 0, 0);
  check("running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n", "", 0, 0);
  check("\n  0 passing (1ms)\n\n", "", 0, 0);
}

TEST_CASE("test count: skipped tests are told, and are not run") {
  struct Case {
    std::string_view output;
    std::string_view error;
    long run;
    long skipped;
  };
  const Case cases[] = {
      {"=== 1 failed, 2 passed, 3 skipped, 1 xfailed in 0.02s ===\n", "", 4, 3},
      {"", "Ran 4 tests in 0.001s\n\nFAILED (failures=1, errors=1, skipped=1)\n", 3, 1},
      {"# tests 5\n# suites 0\n# pass 2\n# fail 0\n# cancelled 0\n# skipped 2\n# todo 1\n", "", 2, 3},
      {"", "Tests:       1 failed, 1 skipped, 1 todo, 2 passed, 5 total\n", 3, 2},
      {"      Tests  2 passed | 1 skipped | 1 todo (4)\n", "", 2, 2},
      {"\n  2 passing (10ms)\n  4 pending\n  1 failing\n", "", 3, 4},
      {"test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n"
       "test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out\n",
       "", 3, 3},
      {"=== RUN   TestS\n--- SKIP: TestS (0.00s)\n=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\nok  \tx\t0.1s\n", "",
       1, 1},
      {"100% tests passed, 0 tests failed out of 2\n\nThe following tests did not run:\n\t  2 - slow (Skipped)\n", "",
       1, 1},
      {"[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 1\n[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: "
       "2\n",
       "", 6, 3},
      {"3 tests completed, 1 failed, 1 skipped\n", "", 2, 1},
  };
  for (const Case& one : cases) {
    const TestCount count = count_tests(one.output, one.error);

    CAPTURE(one.output, one.error);
    CHECK(count.run == one.run);
    CHECK(count.skipped == one.skipped);
  }
}

TEST_CASE("test count: numbers that nobody's tests have are none") {
  CHECK_FALSE(count_tests("99999999999999999999 passed in 1s\n", "").known);
  CHECK_FALSE(count_tests("-3 passed in 1s\n", "").known);
  CHECK(count_tests("[INFO] Tests run: 1, Failures: 0, Errors: 0, Skipped: 7\n", "").run == 0);
}

TEST_CASE("test count: only tests that ran and did not fail are a pass") {
  const TestCount good{.known = true, .run = 3};
  const TestCount failed{.known = true, .run = 3, .failed = 1};
  const TestCount all_skipped{.known = true, .skipped = 3};

  CHECK(judge_tests(good, 0) == "passed");
  CHECK(judge_tests(good, 1) == "failed");
  CHECK(judge_tests(good, -9) == "failed");
  CHECK(judge_tests(failed, 0) == "failed");
  CHECK(judge_tests(all_skipped, 0) == "no_tests");
  CHECK(judge_tests(TestCount{}, 0) == "unknown");
  CHECK(judge_tests(TestCount{}, 1) == "failed");
}

TEST_CASE("test count: a number is told with what it counts") {
  CHECK(describe_number(1, TestUnit::tests) == "1 test");
  CHECK(describe_number(0, TestUnit::tests) == "0 tests");
  CHECK(describe_number(1, TestUnit::packages) == "1 package");
  CHECK(describe_number(2, TestUnit::packages) == "2 packages");
}

TEST_CASE("test count: is unknown for other output") {
  for (const std::string_view output :
       {"", "hello\n", "BUILD SUCCESSFUL in 2s\n", "3 files changed in 0.1s\n", "2 passing thoughts\n", "Tests: none\n",
        "test result: pending\n", "\x1b[", "\x1b", "Ran away\n"}) {
    CAPTURE(output);
    CHECK_FALSE(count_tests(output, "").known);
  }
}
