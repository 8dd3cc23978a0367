// What the attempts to break out say of the confinement.
#pragma once

#include "codehelper/execute/sandbox.hpp"
#include "sandbox_probe.hpp"

namespace codehelper {

/// Fills in the axes and the level. Pure but for the kernel's Landlock version.
void describe_level(const ProbeOutcome& outcome, Mechanisms mechanisms, NetworkAccess network, SandboxLevel& level);

}  // namespace codehelper
