// The process between us and one command. It has the whole tree below it and leaves only when nothing of it is left.
#pragma once

#include <optional>

#include "confinement.hpp"
#include "control_group.hpp"
#include "run_protocol.hpp"

namespace codehelper {

/// Called in a freshly forked, single-threaded process whose signals are all blocked. Takes the plan from control, runs
/// it, reports, and ends the process. `group` is the one that this process is in.
[[noreturn]] void supervise(RunDescriptors descriptors, const SystemCallFilter& filter,
                            const std::optional<ControlGroup>& group);

}  // namespace codehelper
