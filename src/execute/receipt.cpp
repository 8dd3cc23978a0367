#include "codehelper/execute/receipt.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json/array.hpp>

namespace codehelper {

namespace json = boost::json;

Receipt make_receipt(const CommandResult& result) {
  Receipt receipt;
  receipt.run_id = result.run_id;
  receipt.arguments = result.arguments;
  receipt.exit_code = result.exit_code;
  receipt.timed_out = result.timed_out;
  receipt.duration_seconds = result.duration_seconds;
  receipt.tests = count_tests(result.standard_output, result.standard_error);
  receipt.outcome = judge_tests(receipt.tests, result.exit_code);
  receipt.output_sha256 = result.output_sha256;
  receipt.error_sha256 = result.error_sha256;
  return receipt;
}

json::object to_json(const Receipt& receipt) {
  json::object object{{"run_id", receipt.run_id},
                      {"argv", json::array(receipt.arguments.begin(), receipt.arguments.end())},
                      {"exit_code", receipt.exit_code},
                      {"timed_out", receipt.timed_out},
                      {"duration_seconds", receipt.duration_seconds},
                      {"tests_outcome", receipt.outcome},
                      {"tests", nullptr},
                      {"stdout_sha256", receipt.output_sha256},
                      {"stderr_sha256", receipt.error_sha256}};
  if (receipt.tests.known) {
    object["tests"] = {{"run", receipt.tests.run},
                       {"failed", receipt.tests.failed},
                       {"skipped", receipt.tests.skipped},
                       {"unit", to_string(receipt.tests.unit)}};
  }
  return object;
}

bool is_success(const Receipt& receipt) {
  if (receipt.exit_code != 0 || receipt.timed_out) return false;
  if (receipt.outcome == "unknown") return !is_test_command(receipt.arguments);
  return receipt.outcome == "passed";
}

std::string describe_verdict(const Receipt& receipt) {
  const std::string command = fmt::format("{}", fmt::join(receipt.arguments, " "));
  const TestCount& count = receipt.tests;
  if (receipt.timed_out) return fmt::format("`{}` was ended at its time limit.", command);
  if (count.ran_nothing()) return fmt::format("`{}` ran no test (exit status {}).", command, receipt.exit_code);
  if (!count.known && receipt.exit_code == 0) {
    return fmt::format("`{}` ended with status 0; its output doesn't say how many tests ran.", command);
  }
  if (!count.known) return fmt::format("The test run failed: `{}` ended with status {}.", command, receipt.exit_code);
  const std::string ran = describe_number(count.run, count.unit);
  if (count.failed > 0) {
    return fmt::format("The tests failed: `{}` ended with status {}, {} of {} failed.", command, receipt.exit_code,
                       count.failed, ran);
  }
  if (receipt.exit_code != 0) {
    return fmt::format("The test run failed: `{}` ended with status {}, although it ran {} and none failed.", command,
                       receipt.exit_code, ran);
  }
  return fmt::format("The tests passed: `{}` ran {}.", command, ran);
}

}  // namespace codehelper
