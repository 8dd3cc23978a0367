// The modes with their flags and arguments as plain data, read off the parser itself: what completion scripts and the
// man page are made of, so that they can't tell anything else than --help does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace codehelper {

struct CommandValue {
  std::string name;  // "--limit", or "PATH" for an argument
  std::string help;
  std::string kind;                  // of its value: "DIR", "FILE", or empty for free text
  std::vector<std::string> choices;  // of its value; empty = anything of that kind
  bool takes_value = false;          // a flag; arguments are values themselves
  bool is_required = false;
  bool repeats = false;
};

struct CommandEntry {
  std::string name;
  std::string summary;
  std::vector<CommandValue> flags;      // with --help and --version
  std::vector<CommandValue> arguments;  // in their order
};

/// All modes.
std::vector<CommandEntry> list_commands();
/// One of them.
CommandEntry describe_command(const CLI::App& app);

/// Sets what kind of value `option` takes: "DIR", "FILE", or "a|b|c", which nothing else is accepted than.
CLI::Option* set_kind(CLI::Option* option, const std::string& kind);
/// Sets that it takes a whole number within [minimum, maximum].
CLI::Option* set_range(CLI::Option* option, std::int64_t minimum, std::int64_t maximum);

}  // namespace codehelper
