#include "sandbox_level.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "confinement.hpp"

namespace codehelper {

namespace {

void miss(SandboxLevel& level, const char* mechanism, const char* cause) {
  level.missing.push_back({mechanism, cause});
}

void describe_files(const ProbeOutcome& outcome, Mechanisms mechanisms, SandboxLevel& level) {
  if (outcome.wrote_outside || outcome.read_outside) {
    return miss(level, "files", "a confined command reached a file outside of its project");
  }
  const std::string landlock =
      mechanisms.has(Mechanism::landlock) ? fmt::format("landlock{}", landlock_version()) : std::string();
  const bool has_mounts = mechanisms.has(Mechanism::mount_namespace);
  level.files = !has_mounts ? landlock : landlock.empty() ? "mount" : "mount+" + landlock;
  if (outcome.changed_outside) {
    miss(level, "file modes", "mode and times of files outside can be changed where their owner is the Runner's user");
  }
  if (!has_mounts) {
    miss(level, "private directories", "/dev/shm is shared, and sockets outside of the project can be connected to");
  }
}

void describe_network(const ProbeOutcome& outcome, NetworkAccess network, SandboxLevel& level) {
  if (network == NetworkAccess::full) {
    level.network = "full";
  } else if (outcome.reached_network) {
    level.network = "open";
    miss(level, "network", "a confined command reached a port of this machine");
  } else {
    level.network = outcome.has_loopback ? "loopback" : "none";
    if (!outcome.has_loopback && network == NetworkAccess::loopback) {
      miss(level, "loopback", "without a network namespace tests can't open ports, not even on loopback");
    }
  }
  if (outcome.reached_abstract_socket) {
    miss(level, "abstract sockets", "a confined command reached an abstract socket of this machine");
  }
}

std::string describe_processes(const ProbeOutcome& outcome, Mechanisms mechanisms) {
  if (mechanisms.has(Mechanism::pid_namespace) && !outcome.reached_process) return "pid-namespace";
  return outcome.reached_process ? "subreaper" : "subreaper+landlock";
}

void describe_memory(const ProbeOutcome& outcome, Mechanisms mechanisms, SandboxLevel& level) {
  if (outcome.has_control_group) {
    level.memory = "cgroup";
  } else if (mechanisms.has(Mechanism::control_group)) {
    miss(level, "control_group",
         "memory and tasks are counted from /proc now and then: it takes a delegated group (systemd: Delegate=yes) or "
         "root "
         "to have the kernel do it");
  }
}

std::string rank(const SandboxLevel& level, Mechanisms mechanisms) {
  if (level.files == "none" || level.capabilities != "dropped") return "none";
  const bool has_calls = level.system_calls == "seccomp";
  if (!has_calls || level.network == "open") return "basic";
  const bool is_full = mechanisms.has(Mechanism::mount_namespace) && mechanisms.has(Mechanism::landlock) &&
                       level.processes == "pid-namespace" && level.network != "full";
  return is_full ? "full" : "strong";
}

}  // namespace

std::string_view to_string(SandboxMode mode) {
  switch (mode) {
    case SandboxMode::required:
      return "required";
    case SandboxMode::automatic:
      return "auto";
    case SandboxMode::off:
      return "off";
  }
  std::unreachable();
}

std::optional<SandboxMode> parse_sandbox_mode(std::string_view name) {
  for (const auto mode : {SandboxMode::required, SandboxMode::automatic, SandboxMode::off}) {
    if (to_string(mode) == name) return mode;
  }
  return std::nullopt;
}

std::map<std::string, std::string> SandboxLevel::axes() const {
  return {{"level", level},
          {"files", files},
          {"network", network},
          {"processes", processes},
          {"memory", memory},
          {"system_calls", system_calls},
          {"capabilities", capabilities}};
}

void describe_level(const ProbeOutcome& outcome, Mechanisms mechanisms, NetworkAccess network, SandboxLevel& level) {
  describe_files(outcome, mechanisms, level);
  describe_network(outcome, network, level);
  level.processes = describe_processes(outcome, mechanisms);
  describe_memory(outcome, mechanisms, level);
  level.system_calls = mechanisms.has(Mechanism::seccomp) && !outcome.made_refused_call ? "seccomp" : "none";
  level.capabilities = outcome.has_capabilities ? "kept" : "dropped";
  level.level = rank(level, mechanisms);
}

}  // namespace codehelper
