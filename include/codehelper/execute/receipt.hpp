// What proves that a command was run, and how it ended. "The tests passed" is said with one only.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "codehelper/execute/child_process.hpp"
#include "codehelper/execute/test_command.hpp"

namespace codehelper {

struct Receipt {
  std::string run_id;
  std::vector<std::string> arguments;
  int exit_code = 0;
  bool timed_out = false;
  double duration_seconds = 0;
  TestCount tests;
  std::string outcome;        // judge_tests()
  std::string output_sha256;  // of all that was written to standard output and standard error; 64 hexadecimal digits
  std::string error_sha256;
};

Receipt make_receipt(const CommandResult& result);
/// {"run_id","argv","exit_code","timed_out","duration_seconds","tests_outcome","tests":{…} or null,"stdout_sha256",
/// "stderr_sha256"}.
boost::json::object to_json(const Receipt& receipt);
/// Whether the command did what it was run for. A test command (is_test_command) must show tests that ran and none that
/// failed; of any other an exit status 0 is enough, unless it tells of tests: then none may have failed, and one must
/// have run.
bool is_success(const Receipt& receipt);
/// "The tests passed: `pytest` ran 3 tests." Passed is said only of an exit status 0 with tests that ran and none that
/// failed.
std::string describe_verdict(const Receipt& receipt);

}  // namespace codehelper
