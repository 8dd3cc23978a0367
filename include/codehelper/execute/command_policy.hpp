// May this run? Pure but for the look at the file system that real paths need.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/execute/sandbox_plan.hpp"

namespace codehelper {

/// What a caller asks for, as on the wire.
struct ExecuteRequest {
  std::string project_path;
  std::vector<std::string> command;  // executable name and arguments
  std::string cwd;                   // relative to the project, or absolute inside it; empty = the project
  std::map<std::string, std::string> env;
  std::chrono::milliseconds timeout{300'000};
  std::optional<NetworkAccess> network;  // none = as the Runner's setting says
  std::optional<std::string> patch;      // a unified diff: the command runs in a copy of the project that has it
};

/// What is run after every check.
struct CommandPlan {
  std::filesystem::path executable;        // absolute, from the server's own PATH
  std::vector<std::string> arguments;      // argv, argv[0] is the name as asked
  std::filesystem::path project;           // real path
  std::filesystem::path copy;              // real path of what stands for the project in this run; empty = itself
  std::filesystem::path cwd;               // real path inside the project
  std::map<std::string, std::string> env;  // the whole environment of the child
  std::chrono::milliseconds timeout{300'000};
  SandboxPlan sandbox;              // off unless a Sandbox confines it
  std::filesystem::path temporary;  // a directory made for this run, to be removed after it; empty = none
};

struct PolicyRules {
  std::filesystem::path allowed_root;
  std::vector<std::string> executables;         // exact names
  std::string search_path;                      // the server's PATH
  std::map<std::string, std::string> base_env;  // what every child gets
};

/// Errors: invalid_input for everything refused; the message names the field and what is allowed.
Result<CommandPlan> plan_command(const PolicyRules& rules, const ExecuteRequest& request);

/// What every child gets of the server's environment: PATH, LANG, HOME, TMPDIR, toolchain homes, and the variables that
/// `passed` names; a name may end in * there. Never a setting of ours: a token may be among them.
std::map<std::string, std::string> make_base_environment(const std::map<std::string, std::string, std::less<>>& server,
                                                         const std::vector<std::string>& passed);

}  // namespace codehelper
