#include "codehelper/execute/verify_patch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace codehelper {

namespace {

// A project that only the Runner can see is its to judge: it gets the contract's default.
Result<std::vector<std::string>> detect_usual_command(const std::string& project_path) {
  std::error_code error;
  if (!std::filesystem::is_directory(project_path, error)) return std::vector<std::string>{"pytest"};
  return detect_test_command(project_path);
}

std::string summarise(const Receipt& receipt) {
  std::string summary = fmt::format("{}: exit status {} after {:.1f} s", fmt::join(receipt.arguments, " "),
                                    receipt.exit_code, receipt.duration_seconds);
  const TestCount& tests = receipt.tests;
  if (receipt.timed_out) summary += ", ended at its time limit";
  if (tests.ran_nothing()) summary += ", no test ran";
  if (tests.run > 0) {
    summary += fmt::format(", {} ran, {} failed", describe_number(tests.run, tests.unit), tests.failed);
  }
  if (tests.skipped > 0) summary += fmt::format(", {} skipped", tests.skipped);
  const bool is_unclear = receipt.outcome == "unknown" && !is_success(receipt);
  if (is_unclear) summary += ", its output doesn't say how many tests ran";
  return summary;
}

}  // namespace

Task<Result<VerifyOutcome>> verify_patch(EventLoop& loop, CommandRunner& runner, RequestContext context,
                                         VerifyRequest request, RunListener listener) {
  ExecuteRequest execute;
  execute.project_path = std::move(request.project_path);
  execute.command = std::move(request.command);
  execute.patch = std::move(request.patch);
  if (execute.command.empty()) {
    auto detect = [path = execute.project_path] { return detect_usual_command(path); };
    auto detected = co_await loop.run_blocking(std::move(detect));
    if (!detected) co_return std::unexpected(detected.error());
    execute.command = std::move(*detected);
  }
  std::vector<std::string> command = execute.command;
  Task<Result<CommandResult>> running = runner.run(std::move(context), std::move(execute), std::move(listener));
  auto run = co_await std::move(running);
  if (!run) co_return std::unexpected(run.error());
  VerifyOutcome outcome;
  outcome.receipt = make_receipt(*run);
  outcome.receipt.arguments = std::move(command);  // a Runner may not tell them
  outcome.is_success = is_success(outcome.receipt);
  outcome.summary = summarise(outcome.receipt);
  outcome.run = std::move(*run);
  co_return outcome;
}

}  // namespace codehelper
