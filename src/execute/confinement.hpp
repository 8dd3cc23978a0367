// What a process does to itself on the way to becoming a command: one function a step, 0 or an errno. All of them are
// for a small single-threaded process and for the order in which they stand here; where a step may be missing is for
// the plan to say.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <vector>

#include "codehelper/execute/sandbox_plan.hpp"

namespace codehelper {

/// The namespaces of the plan, as flags of clone(2).
unsigned long namespace_flags(Mechanisms mechanisms);

/// In a new user namespace: the ids stay what they are outside.
int map_identity(uid_t user, gid_t group);

/// Brings the loopback interface of a new network namespace up.
int raise_loopback();

struct StepResult {
  SandboxStep step = SandboxStep::none;  // the one that failed
  int error = 0;
};
/// In a new mount namespace: makes a root that holds what the plan grants, at the same paths, and nothing else. With a
/// process namespace too, the caller is its first process. Working directory: "/".
StepResult enter_private_root(const SandboxPlan& plan);

/// For this process and all it starts.
int set_limits(const SandboxPlan& plan);

/// No new privileges, no capability, and for root with a mount namespace the plan's user and group.
int give_up_privileges(const SandboxPlan& plan);

/// Landlock: files by the plan, TCP when nothing else keeps the network out, signals and abstract sockets.
int restrict_files(const SandboxPlan& plan);
/// The kernel's Landlock ABI version, 0 when there is none.
int landlock_version();

/// Refuses calls that no build or test needs and that have been ways out before. Made once for many runs: that takes
/// longer than to enforce it.
class SystemCallFilter {
 public:
  SystemCallFilter();
  int enforce(const SandboxPlan& plan) const;

 private:
  std::vector<sock_filter> program_;
  int error_ = 0;  // of its making
};

/// Device files every command gets.
inline constexpr const char* kDeviceFiles[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                               "/dev/random", "/dev/urandom", "/dev/tty"};
/// Directories of the private root that are empty and writable, and gone with the run.
inline constexpr const char* kPrivateDirectories[] = {"/tmp", "/var/tmp", "/dev/shm"};

}  // namespace codehelper
