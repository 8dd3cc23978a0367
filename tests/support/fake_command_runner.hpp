// A CommandRunner that records what was asked and answers what the test says.
#pragma once

#include <vector>

#include "codehelper/execute/command_runner.hpp"

namespace codehelper::test {

class FakeCommandRunner final : public CommandRunner {
 public:
  Task<Result<CommandResult>> run(RequestContext, ExecuteRequest request, RunListener) override {
    asked.push_back(std::move(request));
    co_return answer;
  }

  Result<CommandResult> answer = fail(ErrorCode::unavailable, "connection refused");
  std::vector<ExecuteRequest> asked;
};

}  // namespace codehelper::test
