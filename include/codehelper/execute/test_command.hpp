// The command that runs a project's tests, by the files at its root.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"

namespace codehelper {

/// pytest for a Python project, else npm test, cargo test, go test ./..., ctest (with --test-dir when a build directory
/// is there), mvn test, gradle test, make test (when the Makefile has such a target). Blocks for a few file look-ups.
/// Errors: not_found, naming what was looked for and how to give a command.
Result<std::vector<std::string>> detect_test_command(const std::filesystem::path& project);

/// Whether the command, executable and arguments, is there to run tests: a test runner, or the test target of a build
/// tool. Every command that detect_test_command() gives is one. Pure.
bool is_test_command(const std::vector<std::string>& command);

/// What a runner's numbers count: go test without -v tells packages only.
enum class TestUnit { tests, packages };
std::string_view to_string(TestUnit unit);

/// How many tests a run reported, from the runner's own closing lines.
struct TestCount {
  bool known = false;
  long run = 0;  // skipped ones are not run
  long failed = 0;
  long skipped = 0;
  TestUnit unit = TestUnit::tests;

  bool ran_nothing() const { return known && run == 0; }
};
/// "passed": every test that ran did, and one ran; "failed": by the exit status or a test; "no_tests"; "unknown": it
/// can't be told whether a test ran, and so it is no pass.
std::string_view judge_tests(const TestCount& count, int exit_code);
/// "1 test", "3 packages".
std::string describe_number(long number, TestUnit unit);
/// Pure. Knows pytest, unittest, node --test, jest, vitest, mocha, cargo, go test, ctest, Maven Surefire, Gradle.
TestCount count_tests(std::string_view standard_output, std::string_view standard_error);

}  // namespace codehelper
