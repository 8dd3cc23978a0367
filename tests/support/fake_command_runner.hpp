// A CommandRunner that records what was asked and answers what the test says.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "codehelper/execute/command_runner.hpp"

namespace codehelper::test {

class FakeCommandRunner final : public CommandRunner {
 public:
  Task<Result<CommandResult>> run(RequestContext, ExecuteRequest request, RunListener listener) override {
    asked.push_back(std::move(request));
    if (listener.on_output) {
      for (const auto& [stream, text] : output) listener.on_output(stream, text);
    }
    while (waits) {
      const auto slept = co_await sleep_for(std::chrono::milliseconds(5));
      if (!slept) co_return std::unexpected(slept.error());
    }
    co_return answer;
  }
  void release() { waits = false; }

  bool waits = false;  // until it is released or cancelled
  Result<CommandResult> answer = fail(ErrorCode::unavailable, "connection refused");
  std::vector<std::pair<OutputStream, std::string>> output;  // told before the answer
  std::vector<ExecuteRequest> asked;
};

}  // namespace codehelper::test
