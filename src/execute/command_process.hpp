// From the supervisor to the command: the process that becomes it, confined by the plan, and with a process namespace
// that namespace's first process in between.
#pragma once

#include <sys/types.h>

#include <optional>

#include "confinement.hpp"
#include "run_protocol.hpp"

namespace codehelper {

/// What the processes below the supervisor tell it, over a pipe that no command gets.
struct CommandReport {
  enum class Kind : std::uint32_t {
    failed,  // a step of the confinement; `value` is its errno
    ended,   // from the namespace's first process; `value` as in RunReport
  };
  Kind kind = Kind::failed;
  SandboxStep step = SandboxStep::none;
  std::int32_t value = 0;
};

/// Both ends close on exec; `ours` does not block.
struct ReportPipe {
  int ours = -1;
  int theirs = -1;
};
std::optional<ReportPipe> open_report_pipe();
std::optional<CommandReport> take_report(int ours);

/// Where the command's output goes, and what the processes on the way to it report.
struct CommandPipes {
  int standard_output = -1;
  int standard_error = -1;
  ReportPipe reports;
};
/// The process whose end is the end of the run: the command, or its namespace's first process, which ends with it and
/// passes a SIGTERM on to the command's group. -1 with errno.
pid_t start_command(const ReceivedPlan& plan, const SystemCallFilter& filter, CommandPipes pipes);

}  // namespace codehelper
