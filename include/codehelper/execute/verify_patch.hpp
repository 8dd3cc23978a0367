// Runs a command in a project, or with a patch in a copy of it, and says what came of it, with the proof. What POST
// /run answers and the crew relies on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codehelper/execute/command_runner.hpp"
#include "codehelper/execute/receipt.hpp"

namespace codehelper {

struct VerifyRequest {
  std::string project_path;
  std::vector<std::string> command;  // empty = the project's usual test command
  std::optional<std::string> patch;  // a unified diff, as the user or a model wrote it
};

struct VerifyOutcome {
  CommandResult run;
  Receipt receipt;
  bool is_success = false;  // is_success(receipt)
  std::string summary;      // one line
};

/// Errors: not_found when there is no usual test command, which the message says; conflict when the patch doesn't
/// apply, with file, hunk and why; and those of CommandRunner::run(). `loop` and `runner` outlive it.
Task<Result<VerifyOutcome>> verify_patch(EventLoop& loop, CommandRunner& runner, RequestContext context,
                                         VerifyRequest request, RunListener listener);

}  // namespace codehelper
