// One command with its whole process tree: started, read from, limited in time, and ended so that nothing of the tree
// is left, whatever its processes do (new sessions, double forks, ignored signals, stopped processes, kept pipes).
//
// The tree hangs under a small supervisor: a hidden mode (kSupervisorMode) of a helper program that is embedded in this
// one, or of this one where the system executes no anonymous files. The supervisor is a child subreaper, so that every
// orphan becomes its child; when its owner is gone it ends the tree. A command that kills what looks after it only
// moves its orphans up: to the process that starts supervisors, and then to this one. The end of a run is the main
// process's exit, not the end of its output.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/execute/command_policy.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

enum class OutputStream { standard_output, standard_error };
using OutputSink = std::function<void(OutputStream stream, std::string_view utf8_piece)>;

struct ChildOptions {
  std::size_t keep_bytes =
      std::size_t{2} * 1024 * 1024;      // first and last so many of each stream; the middle is counted and dropped
  std::uint64_t output_limit_bytes = 0;  // of both streams together, kept or not; above it the run is ended; 0 = none
  OutputSink on_output;                  // called on the loop as output comes; may be empty
};

/// A confined run that was not started, because a step that its plan asks for failed.
struct SandboxFailure {
  SandboxStep step = SandboxStep::none;
  int error = 0;  // errno
};

/// The copy of the project in which a command ran.
struct PatchedCopy {
  std::string patch;                // what was applied, as git apply takes it
  std::vector<std::string> files;   // that it changes
  bool is_at_project_path = false;  // else the command saw it at a path of its own
  std::uint64_t copied_files = 0;
  std::uint64_t copied_bytes = 0;
  double seconds = 0;  // that the copy took; not in the run's duration
};

struct CommandResult {
  int exit_code = 0;            // of the main process; -N when signal N ended it; 127/126 when it could not be started
  bool timed_out = false;       // then exit_code is -1 and standard_error ends in " (timeout)"
  std::string standard_output;  // valid UTF-8
  std::string standard_error;
  bool output_truncated = false;
  bool error_truncated = false;
  std::uint64_t output_bytes = 0;  // all that was written, kept or not
  std::uint64_t error_bytes = 0;
  std::string output_sha256;  // of the bytes that were written, all of them; 64 hexadecimal digits
  std::string error_sha256;
  double duration_seconds = 0;
  RunLimit limit = RunLimit::none;                // what ended the run before its own end
  bool has_control_group = false;                 // memory and tasks were counted by the kernel, not from /proc
  double cpu_seconds = 0;                         // of the whole tree
  std::uint64_t max_rss_bytes = 0;                // of its biggest process
  std::optional<SandboxFailure> sandbox_failure;  // then nothing was run, and exit_code is -1

  // By the runner that ran it.
  std::string run_id;
  std::vector<std::string> arguments;
  std::string cwd;
  double queue_seconds = 0;
  std::map<std::string, std::string> sandbox;  // the axes of its confinement
  std::optional<PatchedCopy> copy;             // of a run with a patch
};

/// Runs the command and returns when it has ended and nothing of its tree is left. Cancelling the coroutine ends the
/// tree first, then reports cancelled. `supervisor` is the codehelper executable. Errors: internal when no process can
/// be made; cancelled.
Task<Result<CommandResult>> run_child(EventLoop& loop, std::filesystem::path supervisor, CommandPlan plan,
                                      ChildOptions options);

/// First argument of the hidden mode; main() hands over to run_supervisor() before anything else when it sees it.
inline constexpr std::string_view kSupervisorMode = "--supervise";
/// Never returns normally to the caller's program flow: the value is the process's exit status.
int run_supervisor(int argc, char** argv);

}  // namespace codehelper
