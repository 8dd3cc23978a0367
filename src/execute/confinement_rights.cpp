#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "confinement.hpp"
#include "process_list.hpp"

namespace codehelper {

namespace {

int lower_limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard) {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) return errno;
  const rlimit lowered{.rlim_cur = std::min({soft, hard, now.rlim_max}), .rlim_max = std::min(hard, now.rlim_max)};
  return ::setrlimit(resource, &lowered) == 0 ? 0 : errno;
}

int clear_capabilities() {
  __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  return ::syscall(SYS_capset, &head, none.data()) == 0 ? 0 : errno;
}

// A process without CAP_SETPCAP keeps its bounding set; no_new_privs keeps it from ever using that.
void clear_bounding_set() {
  int capability = 0;  // up to the first that this kernel doesn't know
  while (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) ++capability;
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int become(uid_t user, gid_t group) {
  if (::setgroups(0, nullptr) != 0) return errno;
  if (::setresgid(group, group, group) != 0) return errno;
  return ::setresuid(user, user, user) == 0 ? 0 : errno;
}

}  // namespace

unsigned long namespace_flags(Mechanisms mechanisms) {
  unsigned long flags = 0;
  if (mechanisms.has(Mechanism::user_namespace)) flags |= CLONE_NEWUSER;
  if (mechanisms.has(Mechanism::mount_namespace)) flags |= CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  if (mechanisms.has(Mechanism::pid_namespace)) flags |= CLONE_NEWPID;
  if (mechanisms.has(Mechanism::network_namespace)) flags |= CLONE_NEWNET;
  return flags;
}

int map_identity(uid_t user, gid_t group) {
  const std::string user_text = std::to_string(user);
  const std::string group_text = std::to_string(group);
  if (const int error = write_process_file("/proc/self/setgroups", "deny")) return error;
  if (const int error = write_process_file("/proc/self/uid_map", user_text + " " + user_text + " 1")) return error;
  return write_process_file("/proc/self/gid_map", group_text + " " + group_text + " 1");
}

int raise_loopback() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  int error = ::ioctl(socket, SIOCGIFFLAGS, &request) == 0 ? 0 : errno;
  if (error == 0) {
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
    if (::ioctl(socket, SIOCSIFFLAGS, &request) != 0) error = errno;
  }
  ::close(socket);
  return error;
}

int set_limits(const SandboxPlan& plan) {
  const RunLimits& limits = plan.limits;
  // Not 0: a core_pattern that is a pipe is skipped for a limit of 1 only, and a file can't be that small.
  if (const int error = lower_limit(RLIMIT_CORE, 1, 1)) return error;
  constexpr rlim_t kOpenFilesSoft = 1024;
  if (limits.open_files != 0) {
    if (const int error = lower_limit(RLIMIT_NOFILE, kOpenFilesSoft, limits.open_files)) return error;
  }
  if (limits.file_bytes != 0) {
    if (const int error = lower_limit(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes)) return error;
  }
  if (limits.cpu_seconds != 0) {
    if (const int error = lower_limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds)) return error;
  }
  // Counted per user: only in a user namespace of its own is that this run alone. Root is never held to it.
  if (limits.tasks != 0 && plan.mechanisms.has(Mechanism::user_namespace)) {
    return lower_limit(RLIMIT_NPROC, limits.tasks, limits.tasks);
  }
  return 0;
  // RLIMIT_DATA and RLIMIT_AS would end programs built with AddressSanitizer, which reserve terabytes.
}

int give_up_privileges(const SandboxPlan& plan) {
  clear_bounding_set();
  const bool is_root_with_own_root_directory = ::geteuid() == 0 && plan.mechanisms.has(Mechanism::mount_namespace);
  if (is_root_with_own_root_directory && plan.user != 0) {
    if (const int error = become(plan.user, plan.group)) return error;
  }
  if (::geteuid() == 0) ::setgroups(0, nullptr);  // a root that may not has none that count
  if (const int error = clear_capabilities()) return error;
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

}  // namespace codehelper
