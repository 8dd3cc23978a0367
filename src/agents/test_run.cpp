#include "test_run.hpp"

#include <fmt/format.h>

#include "codehelper/base/secret_text.hpp"
#include "codehelper/execute/test_command.hpp"
#include "excerpt.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kOutputTail = 2000;   // bytes of a test run's output shown
constexpr std::size_t kMessageBytes = 500;  // of an error of another part

TestRun describe_failure(std::string_view what, const Error& error) {
  TestRun run;
  run.sentence = fmt::format("{}{}", what, shorten(error.message, kMessageBytes));
  run.text = fmt::format("The tests could not be run: {}.\n", run.sentence);
  return run;
}

TestRun describe(const CommandResult& result) {
  TestRun run;
  run.receipt = make_receipt(result);
  run.sentence = describe_verdict(*run.receipt);
  const std::string& output = result.standard_output.empty() ? result.standard_error : result.standard_output;
  run.output = mask_secrets(last_part(output, kOutputTail)).text;
  run.text = fmt::format("{} It took {:.1f} s.\n\n", run.sentence, result.duration_seconds);
  if (output.size() > kOutputTail) {
    run.text += fmt::format("The end of its output ({} of {} bytes are left out):\n\n",
                            output.size() - last_part(output, kOutputTail).size(), output.size());
  }
  if (!output.empty()) run.text += make_code_block("", run.output);
  return run;
}

}  // namespace

Task<Result<TestRun>> run_usual_tests(RequestContext context, const Crew::Parts& parts, Project project,
                                      OutputSink on_output) {
  auto detect = [root = project.root] { return detect_test_command(root); };
  const auto command = co_await parts.loop.run_blocking(std::move(detect));
  if (!command) co_return describe_failure("", command.error());
  ExecuteRequest request;
  request.project_path = project.root.string();
  request.command = *command;
  RunListener listener;
  listener.on_output = std::move(on_output);
  auto result = co_await parts.runner.run(std::move(context), std::move(request), std::move(listener));
  if (!result && result.error().code == ErrorCode::cancelled) co_return std::unexpected(result.error());
  if (!result) co_return describe_failure("the run failed: ", result.error());
  if (result->arguments.empty()) result->arguments = *command;
  co_return describe(*result);
}

}  // namespace codehelper
