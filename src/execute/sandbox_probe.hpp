// What a confinement is worth: a command of ours runs in it and tries to break out.
#pragma once

#include <map>
#include <string>

#include "codehelper/execute/child_process.hpp"
#include "codehelper/execute/sandbox.hpp"

namespace codehelper {

/// What the attempts came to.
struct ProbeOutcome {
  std::optional<SandboxFailure> failure;  // the confinement could not be set up; then nothing else is set
  bool wrote_outside = false;
  bool read_outside = false;
  bool changed_outside = false;  // mode of a file
  bool reached_network = false;  // a listener of ours, over TCP or UDP
  bool reached_abstract_socket = false;
  bool has_loopback = false;
  bool reached_process = false;  // could have sent a signal to us
  bool made_refused_call = false;
  bool has_capabilities = false;
  bool has_control_group = false;
};

struct ProbePlaces {
  std::filesystem::path executable;  // enters the hidden modes
  std::filesystem::path directory;   // where files are put for the attempt, and removed again; not readable by the plan
};
/// One run of it. Blocks the loop, which must not be running. Errors: internal when the attempt could not be made;
/// unavailable when the confined command can't do what it must.
Result<ProbeOutcome> probe_confinement(EventLoop& loop, const ProbePlaces& places, SandboxPlan plan);

}  // namespace codehelper
