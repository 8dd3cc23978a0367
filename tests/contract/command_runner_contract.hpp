// What every CommandRunner must do. An adapter joins the suite by an entry in command_runner_adapters().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codehelper/execute/command_runner.hpp"

namespace codehelper::test {

struct CommandRunnerAdapter {
  std::string name;
  /// A runner whose commands run in the end under `options`. `loop` and `metrics` outlive it, and it is destroyed while
  /// the loop stands still.
  std::function<std::shared_ptr<CommandRunner>(EventLoop& loop, Metrics& metrics, LocalRunnerOptions options)> make;
};

std::vector<CommandRunnerAdapter> command_runner_adapters();

}  // namespace codehelper::test
