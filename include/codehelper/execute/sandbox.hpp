// Confinement of what the Runner starts: what is wanted (SandboxRules), what this machine was found to give
// (SandboxLevel, from a run that tried to break out), and the plan of each run that follows from both.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/execute/command_policy.hpp"
#include "codehelper/execute/sandbox_plan.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

enum class SandboxMode {
  required,   // no start where files can't be confined
  automatic,  // whatever this machine gives
  off,
};
std::string_view to_string(SandboxMode mode);
std::optional<SandboxMode> parse_sandbox_mode(std::string_view name);

struct SandboxRules {
  SandboxMode mode = SandboxMode::required;
  Mechanisms allowed = Mechanisms::all();
  NetworkAccess network = NetworkAccess::loopback;
  bool network_on_request = false;  // a request may ask for more
  RunLimits limits;
  std::filesystem::path cache_dir;     // a directory for each project below it; empty = caches end with the run
  std::filesystem::path copy_dir;      // where copies of projects lie, which no other run may see; may be empty
  std::filesystem::path allowed_root;  // real path; of what lies below it a run sees its own project
  std::vector<std::filesystem::path> read_paths;
  std::vector<std::string> executables;
  std::map<std::string, std::string, std::less<>> server_env;
};

/// What holds, by axis; what is missing, and why.
struct SandboxLevel {
  struct Missing {
    std::string mechanism;
    std::string cause;
  };

  std::string level = "none";  // full, strong, basic, none
  std::string files = "none";  // "mount+landlock7", "mount", "landlock7", none
  std::string network = "open";
  std::string processes = "subreaper";
  std::string memory = "poll";  // "cgroup"; and tasks
  std::string system_calls = "none";
  std::string capabilities = "kept";
  std::vector<Missing> missing;

  /// Name and value of each axis, and of the level.
  std::map<std::string, std::string> axes() const;
};

class Sandbox {
 public:
  /// Finds out what this machine gives. `executable` enters the hidden modes; the loop must not be running yet. Errors:
  /// unavailable when the mode is `required` and files can't be confined: the message names cause and way out.
  static Result<Sandbox> open(EventLoop& loop, const std::filesystem::path& executable, SandboxRules rules);

  /// Confines the plan of a request: its `sandbox`, and the variables of its environment that follow from it. Makes the
  /// project's cache directory, and one for the run's temporary files (`temporary`) where it has no private /tmp;
  /// blocks for that moment. Errors: invalid_input when the request asks for more network than is allowed; internal.
  Result<void> confine(CommandPlan& plan, const ExecuteRequest& request) const;

  const SandboxLevel& level() const { return level_; }
  const SandboxRules& rules() const { return rules_; }

 private:
  explicit Sandbox(SandboxRules rules) : rules_(std::move(rules)) {}
  SandboxPlan make_plan(const CommandPlan& command, NetworkAccess network) const;

  SandboxRules rules_;
  Mechanisms mechanisms_;
  SandboxLevel level_;
  std::vector<std::string> readable_;
};

/// From now on no process of this user can look into the memory, environment and files of this one, as commands may be
/// that user's. Children that execute a program are not concerned.
void hide_this_process();

/// 4 GiB, or 60 % of what this machine or its control group has when that is less. Blocks for a few small files.
std::uint64_t find_default_memory_limit();

/// First argument of the hidden mode in which this executable is the command that tries to break out.
inline constexpr std::string_view kConfinementProbeMode = "--probe-confinement";
/// The value is the process's exit status.
int run_confinement_probe(int argc, char** argv);

}  // namespace codehelper
