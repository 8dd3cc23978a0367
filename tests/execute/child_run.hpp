// Runs a command in a directory of its own, through this test program's hidden mode.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "codehelper/base/request_context.hpp"
#include "codehelper/execute/child_process.hpp"
#include "support/marked_processes.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

inline const std::filesystem::path kThisProgram = "/proc/self/exe";

struct ChildRun {
  ChildRun() {
    plan.project = plan.cwd = directory.path();
    plan.env = {{"PATH", "/usr/bin:/bin"}, {kMarkVariable, mark}};
  }

  /// /usr/bin/NAME with its arguments.
  void set_command(std::vector<std::string> arguments) {
    plan.executable = "/usr/bin/" + arguments.front();
    plan.arguments = std::move(arguments);
  }
  void set_python(const std::string& script) { set_command({"python3", "-u", "-c", script}); }

  Result<CommandResult> run() {
    EventLoop loop;
    return run_until_done(loop, run_child(loop, kThisProgram, plan, options));
  }
  int processes_left() const { return count_marked_processes(mark); }

  TemporaryDirectory directory;
  std::string mark = make_request_id();
  CommandPlan plan;
  ChildOptions options;
};

}  // namespace codehelper::test
