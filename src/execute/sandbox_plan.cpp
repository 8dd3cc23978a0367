#include "codehelper/execute/sandbox_plan.hpp"

#include <utility>

namespace codehelper {

std::string_view to_string(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::user_namespace:
      return "user_namespace";
    case Mechanism::mount_namespace:
      return "mount_namespace";
    case Mechanism::pid_namespace:
      return "pid_namespace";
    case Mechanism::network_namespace:
      return "network_namespace";
    case Mechanism::landlock:
      return "landlock";
    case Mechanism::seccomp:
      return "seccomp";
    case Mechanism::control_group:
      return "control_group";
  }
  std::unreachable();
}

std::string_view to_string(NetworkAccess access) {
  switch (access) {
    case NetworkAccess::none:
      return "none";
    case NetworkAccess::loopback:
      return "loopback";
    case NetworkAccess::full:
      return "full";
  }
  std::unreachable();
}

std::optional<NetworkAccess> parse_network_access(std::string_view name) {
  for (const auto access : {NetworkAccess::none, NetworkAccess::loopback, NetworkAccess::full}) {
    if (to_string(access) == name) return access;
  }
  return std::nullopt;
}

std::string_view to_string(SandboxStep step) {
  switch (step) {
    case SandboxStep::none:
      return "none";
    case SandboxStep::namespaces:
      return "namespaces";
    case SandboxStep::identity:
      return "identity";
    case SandboxStep::network:
      return "network";
    case SandboxStep::mounts:
      return "mounts";
    case SandboxStep::process_list:
      return "process_list";
    case SandboxStep::limits:
      return "limits";
    case SandboxStep::privileges:
      return "privileges";
    case SandboxStep::landlock:
      return "landlock";
    case SandboxStep::seccomp:
      return "seccomp";
  }
  std::unreachable();
}

std::string_view to_string(RunLimit limit) {
  switch (limit) {
    case RunLimit::none:
      return "";
    case RunLimit::memory:
      return "memory";
    case RunLimit::tasks:
      return "pids";
    case RunLimit::output:
      return "output";
    case RunLimit::file_size:
      return "file_size";
    case RunLimit::cpu:
      return "cpu";
  }
  std::unreachable();
}

RunLimit parse_run_limit(std::string_view name) {
  for (const auto limit : {RunLimit::memory, RunLimit::tasks, RunLimit::output, RunLimit::file_size, RunLimit::cpu}) {
    if (to_string(limit) == name) return limit;
  }
  return RunLimit::none;
}

}  // namespace codehelper
