// The table of modes as a parser: one subcommand each, with its own arguments and the settings that apply to it.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "modes.hpp"

namespace codehelper {

struct ModeCommand {
  const ModeDescription* description = nullptr;
  CLI::App* app = nullptr;
  StringMap flags;  // of settings, by name, as given
};

struct CommandLine {
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App app;
  Arguments arguments;
  std::vector<ModeCommand> commands;
};

}  // namespace codehelper
