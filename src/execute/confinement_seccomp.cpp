#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "confinement.hpp"

namespace codehelper {

namespace {

constexpr unsigned long kNamespaceFlags[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                             CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};

// Parts of the kernel with a wide surface, and what only an administrator does.
constexpr const char* kRefused[] = {"io_uring_setup",
                                    "io_uring_enter",
                                    "io_uring_register",
                                    "keyctl",
                                    "add_key",
                                    "request_key",
                                    "bpf",
                                    "userfaultfd",
                                    "perf_event_open",
                                    "mount",
                                    "umount2",
                                    "pivot_root",
                                    "move_mount",
                                    "open_tree",
                                    "open_tree_attr",
                                    "fsopen",
                                    "fsconfig",
                                    "fsmount",
                                    "fspick",
                                    "mount_setattr",
                                    "open_by_handle_at",
                                    "setns",
                                    "kexec_load",
                                    "kexec_file_load",
                                    "init_module",
                                    "finit_module",
                                    "delete_module",
                                    "reboot",
                                    "swapon",
                                    "swapoff",
                                    "settimeofday",
                                    "clock_settime",
                                    "process_vm_writev",
                                    "pidfd_getfd",
                                    "acct",
                                    "quotactl",
                                    "quotactl_fd",
                                    "syslog",
                                    "vhangup",
                                    "ioperm",
                                    "iopl",
                                    "sethostname",
                                    "setdomainname",
                                    "lookup_dcookie",
                                    "nfsservctl",
                                    "fanotify_init"};

scmp_arg_cmp first_argument(scmp_compare comparison, scmp_datum_t a, scmp_datum_t b = 0) {
  return {.arg = 0, .op = comparison, .datum_a = a, .datum_b = b};
}

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW)) {
    if (context_ == nullptr) error_ = ENOMEM;
  }
  ~Filter() {
    if (context_ != nullptr) ::seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // A name that the library doesn't know yet can't be filtered by it.
  void refuse(const char* name, int error = EPERM) { add(name, error, 0, {}); }
  void refuse_if(const char* name, scmp_arg_cmp condition) { add(name, EPERM, 1, condition); }
  int enforce() {
    if (error_ != 0) return error_;
    return -::seccomp_load(context_);
  }

 private:
  void add(const char* name, int error, unsigned conditions, scmp_arg_cmp condition) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (error_ != 0 || number == __NR_SCMP_ERROR) return;
    error_ = -::seccomp_rule_add_array(context_, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number, conditions,
                                       &condition);
  }

  scmp_filter_ctx context_;
  int error_ = 0;
};

// One rule a family: the library takes a single comparison of an argument.
void refuse_socket_families(Filter& filter, const SandboxPlan& plan) {
  const bool has_network = plan.network == NetworkAccess::full || plan.mechanisms.has(Mechanism::network_namespace);
  constexpr unsigned kLastFamily = 63;
  for (unsigned family = 0; family <= kLastFamily; ++family) {
    constexpr std::array kWithNetwork{AF_INET, AF_INET6, AF_NETLINK};
    const bool is_network = std::ranges::find(kWithNetwork, static_cast<int>(family)) != kWithNetwork.end();
    if (family == AF_UNIX || (is_network && has_network)) continue;
    filter.refuse_if("socket", first_argument(SCMP_CMP_EQ, family));
  }
  filter.refuse_if("socket", first_argument(SCMP_CMP_GT, kLastFamily));
}

}  // namespace

int restrict_system_calls(const SandboxPlan& plan) {
  Filter filter;
  for (const char* name : kRefused) filter.refuse(name);
  for (const unsigned long flag : kNamespaceFlags) {
    filter.refuse_if("clone", first_argument(SCMP_CMP_MASKED_EQ, flag, flag));
    filter.refuse_if("unshare", first_argument(SCMP_CMP_MASKED_EQ, flag, flag));
  }
  filter.refuse("clone3", ENOSYS);  // its flags are in memory; the C libraries then use clone
  refuse_socket_families(filter, plan);
  // LeakSanitizer needs it, so it is left where something else keeps it inside.
  const bool is_fenced = plan.mechanisms.has(Mechanism::landlock) || plan.mechanisms.has(Mechanism::pid_namespace);
  if (!is_fenced) filter.refuse("ptrace");
  return filter.enforce();
}

}  // namespace codehelper
