// What confines one run: plain data, made by Sandbox, obeyed by the supervisor and its children.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

/// What can be missing on a machine. No new privileges, no capabilities, an own session and resource limits need
/// nothing of the kind and are always there.
enum class Mechanism : std::uint32_t {
  user_namespace = 1,  // the way to the other namespaces for an ordinary user
  mount_namespace = 2,
  pid_namespace = 4,
  network_namespace = 8,
  landlock = 16,
  seccomp = 32,
  control_group = 64,
};
inline constexpr std::array kMechanisms{Mechanism::user_namespace, Mechanism::mount_namespace,
                                        Mechanism::pid_namespace,  Mechanism::network_namespace,
                                        Mechanism::landlock,       Mechanism::seccomp,
                                        Mechanism::control_group};
std::string_view to_string(Mechanism mechanism);

class Mechanisms {
 public:
  constexpr Mechanisms() = default;
  explicit constexpr Mechanisms(std::uint32_t bits) : bits_(bits) {}

  static constexpr Mechanisms all() { return Mechanisms(127); }
  constexpr bool has(Mechanism mechanism) const { return (bits_ & static_cast<std::uint32_t>(mechanism)) != 0; }
  constexpr void add(Mechanism mechanism) { bits_ |= static_cast<std::uint32_t>(mechanism); }
  constexpr void remove(Mechanism mechanism) { bits_ &= ~static_cast<std::uint32_t>(mechanism); }
  constexpr std::uint32_t bits() const { return bits_; }
  bool operator==(const Mechanisms&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

enum class NetworkAccess : std::uint32_t { none, loopback, full };  // each allows more than the one before
std::string_view to_string(NetworkAccess access);
std::optional<NetworkAccess> parse_network_access(std::string_view name);

/// 0 = no limit.
struct RunLimits {
  std::uint64_t memory_bytes = 0;  // of the whole tree
  std::uint64_t file_bytes = 0;    // size of one file
  std::uint32_t tasks = 0;         // processes and threads of the tree
  std::uint32_t open_files = 0;    // of one process
  std::uint32_t cpu_seconds = 0;   // of one process
};

struct SandboxPlan {
  bool is_on = false;
  Mechanisms mechanisms;  // a run in which one of these fails is not started; but without a control group it is
  NetworkAccess network = NetworkAccess::full;
  RunLimits limits;
  std::uint64_t temporary_bytes = 0;  // size of the private /tmp; only with a mount namespace
  std::uint32_t user = 0;             // whom a Runner that is root becomes, with a mount namespace
  std::uint32_t group = 0;
  std::vector<std::string> readable;  // absolute, links resolved but for a last component that is a link itself
  std::vector<std::string> writable;  // real paths of directories
  // With a mount namespace: a writable directory that appears at another path. Both real paths; empty = none.
  std::string moved_from;
  std::string moved_to;
};

/// Where the setting up of a run can fail.
enum class SandboxStep : std::uint32_t {
  none,
  namespaces,
  identity,
  network,
  mounts,
  process_list,
  limits,
  privileges,
  landlock,
  seccomp,
};
std::string_view to_string(SandboxStep step);

/// What ended a run before its own end.
enum class RunLimit : std::uint32_t { none, memory, tasks, output, file_size, cpu };
/// "memory", "pids", "output", "file_size", "cpu"; empty for none.
std::string_view to_string(RunLimit limit);
/// None for any other name.
RunLimit parse_run_limit(std::string_view name);

}  // namespace codehelper
