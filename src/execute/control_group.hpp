// Control groups (cgroups(7)): the kernel counts and limits memory and tasks of a whole run, exactly and at once. They
// take a delegated group of version 2 (systemd: Delegate=) or root where version 1 has memory and pids; elsewhere a run
// is counted from /proc now and then (tree_usage.hpp). Plain code, for small single-threaded processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/execute/sandbox_plan.hpp"

namespace codehelper {

/// Where groups can be made: below the group that the Runner is in.
struct ControlGroupPlace {
  enum class Version : std::uint32_t { one, two };
  Version version = Version::two;
  std::string memory;  // directories without a slash at the end; with version 2 both are the same
  std::string tasks;
};

/// From the texts of /proc/self/cgroup and /proc/self/mountinfo; nothing when no hierarchy has both controllers.
/// Pure but for one look at which controllers version 2 has there.
std::optional<ControlGroupPlace> parse_control_groups(const std::string& own, const std::string& mounts);

/// The place of this process, ready to be used: with version 2 the group's own processes are moved into one below it,
/// since only a group without processes may hand memory and pids on, and only when they are this process and its
/// parent. Groups that an ended spawner has left are removed. Nothing where it doesn't work.
std::optional<ControlGroupPlace> prepare_control_groups();

/// A group of one run. Whoever makes it removes it.
class ControlGroup {
 public:
  ControlGroup(const ControlGroupPlace& place, const std::string& name);

  /// False, and nothing is left, when one of the directories can't be made.
  bool make() const;
  /// This process, with what it starts from then on. Takes up to 20 ms where nothing has entered a group lately.
  bool enter() const;
  /// False when the kernel doesn't take one of them. A limit of 0 is none.
  bool limit(const RunLimits& limits) const;
  /// What the kernel has refused or ended so far because of a limit.
  RunLimit find_passed_limit() const;
  /// False while a process is in it.
  bool remove() const;

 private:
  ControlGroupPlace place_;  // of the group itself
};

}  // namespace codehelper
