// What the process that runs commands and its helpers say to each other. Three kinds of processes: the owner (Runner or
// dev), its spawner (this executable in the hidden mode), and a supervisor for each command (forked from the spawner).
//
//   owner -> spawner      SpawnOrder; `start` comes with three descriptors: control, standard output, standard error
//   owner -> supervisor   over control: the plan (encode_plan), then kTerminateOrder perhaps
//   supervisor -> owner   over control: RunReport; the last one perhaps from the spawner, after a supervisor was killed
//
// The end of a connection is a message too: when the owner is gone, supervisors end their trees and the spawner leaves.
// Control ends without `tree_gone` only when both the supervisor and the spawner were killed: then what the command
// left falls to the owner.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codehelper/execute/command_policy.hpp"

namespace codehelper {

struct SpawnOrder {
  enum class Kind : std::uint32_t { start, kill_supervisor };
  Kind kind = Kind::start;
  std::uint32_t unused = 0;
  std::uint64_t run = 0;  // chosen by the owner
};

/// The spawner's end of the connection over which orders come.
inline constexpr int kOrdersDescriptor = 3;

struct RunDescriptors {
  int control = -1;
  int standard_output = -1;
  int standard_error = -1;
};

/// Does not block; `start` passes copies of the descriptors. False when the spawner is gone or stuck.
bool send_order(int socket, const SpawnOrder& order, const RunDescriptors& descriptors);
/// False when the owner is gone. `descriptors` are the receiver's to close when the kind is `start`.
bool receive_order(int socket, SpawnOrder& order, RunDescriptors& descriptors);

/// The only order to a supervisor: SIGTERM, and a second later the end. The end at once is the end of the connection.
inline constexpr char kTerminateOrder = 'T';

struct RunReport {
  enum class Kind : std::uint32_t {
    started,    // the plan is there, the main process comes next; value = the supervisor's process id
    failed,     // it could not be made; value = errno, step = where
    exited,     // value = its exit code, -N for signal N; limit = what ended it before its own end
    tree_gone,  // nothing of the tree is left, with what it used; the last report
  };
  Kind kind = Kind::started;
  std::int32_t value = 0;
  SandboxStep step = SandboxStep::none;
  RunLimit limit = RunLimit::none;
  bool has_control_group = false;  // with `started`: the kernel counts memory and tasks
  std::uint64_t cpu_microseconds = 0;
  std::uint64_t max_rss_bytes = 0;  // of the biggest process
};

/// The plan as bytes, its size first. Strings hold no NUL: the policy refuses them.
std::string encode_plan(const CommandPlan& plan);

/// A plan as execve() wants it. The pointers point into `bytes`, which must not be moved.
struct ReceivedPlan {
  std::vector<char> bytes;
  const char* executable = nullptr;
  const char* cwd = nullptr;
  std::vector<char*> arguments;    // ends in a null pointer
  std::vector<char*> environment;  // the same
  SandboxPlan sandbox;
};
/// Blocks. False when the sender is gone before the plan is complete.
bool receive_plan(int control, ReceivedPlan& plan);

}  // namespace codehelper
