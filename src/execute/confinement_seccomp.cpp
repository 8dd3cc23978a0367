#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

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

scmp_arg_cmp argument(unsigned number, scmp_compare comparison, scmp_datum_t a, scmp_datum_t b = 0) {
  return {.arg = number, .op = comparison, .datum_a = a, .datum_b = b};
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
  // For the kernel. 0 or an errno.
  int compile(std::vector<sock_filter>& program) {
    const int file = error_ == 0 ? ::memfd_create("filter", MFD_CLOEXEC) : -1;
    if (file < 0) return error_ != 0 ? error_ : errno;
    int error = -::seccomp_export_bpf(context_, file);
    const off_t size = ::lseek(file, 0, SEEK_CUR);
    program.resize(static_cast<std::size_t>(size) / sizeof(sock_filter));
    if (error == 0 && ::pread(file, program.data(), static_cast<std::size_t>(size), 0) != size) error = EIO;
    ::close(file);
    return error;
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

constexpr std::array kFamilies{AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

// One rule a family: the library takes a single comparison of an argument.
void refuse_socket_families(Filter& filter) {
  for (int family = 0; family < kFamilies.back(); ++family) {
    if (std::ranges::find(kFamilies, family) != kFamilies.end()) continue;
    filter.refuse_if("socket", argument(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)));
  }
  filter.refuse_if("socket", argument(0, SCMP_CMP_GT, static_cast<scmp_datum_t>(kFamilies.back())));
}

// Calls that reach other processes of the same user without a signal; about itself, which is 0, a process may do them.
void refuse_reaching_others(Filter& filter) {
  for (const char* name : {"prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"}) {
    filter.refuse_if(name, argument(0, SCMP_CMP_NE, 0));
  }
  for (const char* name : {"setpriority", "ioprio_set"}) filter.refuse_if(name, argument(1, SCMP_CMP_NE, 0));
}

// What depends on the other mechanisms.
int restrict_further(const SandboxPlan& plan) {
  const bool has_network = plan.network == NetworkAccess::full || plan.mechanisms.has(Mechanism::network_namespace);
  const bool is_alone = plan.mechanisms.has(Mechanism::pid_namespace);
  if (has_network && is_alone) return 0;
  Filter filter;
  if (!has_network) filter.refuse_if("socket", argument(0, SCMP_CMP_GT, AF_UNIX));
  if (!is_alone) refuse_reaching_others(filter);
  // LeakSanitizer needs it, so it is left where something else keeps it inside.
  if (!is_alone && !plan.mechanisms.has(Mechanism::landlock)) filter.refuse("ptrace");
  return filter.enforce();
}

}  // namespace

SystemCallFilter::SystemCallFilter() {
  Filter filter;
  for (const char* name : kRefused) filter.refuse(name);
  for (const unsigned long flag : kNamespaceFlags) {
    filter.refuse_if("clone", argument(0, SCMP_CMP_MASKED_EQ, flag, flag));
    filter.refuse_if("unshare", argument(0, SCMP_CMP_MASKED_EQ, flag, flag));
  }
  filter.refuse("clone3", ENOSYS);  // its flags are in memory; the C libraries then use clone
  refuse_socket_families(filter);
  error_ = filter.compile(program_);
}

int SystemCallFilter::enforce(const SandboxPlan& plan) const {
  if (error_ != 0) return error_;
  if (const int error = restrict_further(plan)) return error;
  std::vector<sock_filter> program = program_;  // the kernel's interface takes it as writable
  const sock_fprog loaded{.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &loaded) == 0 ? 0 : errno;
}

}  // namespace codehelper
