#include "command_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <string>

#include "process_list.hpp"

namespace codehelper {

namespace {

constexpr int kReports = 3;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

void send_report(CommandReport::Kind kind, SandboxStep step, int value) {
  const CommandReport report{kind, step, value};
  if (::write(kReports, &report, sizeof report) < 0) ::_exit(kNotExecutable);
}

[[noreturn]] void give_up(SandboxStep step, int error) {
  send_report(CommandReport::Kind::failed, step, error);
  ::_exit(kNotExecutable);
}

void require(SandboxStep step, int error) {
  if (error != 0) give_up(step, error);
}

[[noreturn]] void refuse_start(const char* name, const char* cause, int exit_code) {
  const std::string text = std::string(name) + ": " + cause + "\n";
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) ::_exit(exit_code);
  ::_exit(exit_code);
}

// The directory was checked before; by now a link may stand in its place. After the change it is pinned, so its real
// path tells.
bool enter_directory(const char* real_path) {
  std::array<char, PATH_MAX> now;
  return ::chdir(real_path) == 0 && ::getcwd(now.data(), now.size()) != nullptr &&
         std::strcmp(now.data(), real_path) == 0;
}

// Out of the supervisor's descriptors only these are left.
void arrange_descriptors(const CommandPipes& pipes) {
  ::dup2(pipes.standard_output, STDOUT_FILENO);
  ::dup2(pipes.standard_error, STDERR_FILENO);
  if (pipes.reports.theirs != kReports) ::dup3(pipes.reports.theirs, kReports, O_CLOEXEC);
  ::close_range(kReports + 1, ~0U, 0);
}

bool is_supervisor_gone() {
  pollfd event{kReports, 0, 0};
  return ::poll(&event, 1, 0) > 0 && (event.revents & POLLERR) != 0;
}

// Of the machine's processes, this one and its children are to be ended first when memory runs out.
void volunteer_for_the_end() {
  write_process_file("/proc/self/oom_score_adj", "500");  // where that can't be, it stays as it was
}

void enter_namespaces(const SandboxPlan& sandbox, uid_t user, gid_t group) {
  const Mechanisms has = sandbox.mechanisms;
  if (has.has(Mechanism::user_namespace)) require(SandboxStep::identity, map_identity(user, group));
  if (has.has(Mechanism::network_namespace) && sandbox.network == NetworkAccess::loopback) {
    require(SandboxStep::network, raise_loopback());
  }
  if (has.has(Mechanism::mount_namespace)) {
    const StepResult result = enter_private_root(sandbox);
    require(result.step, result.error);
  }
}

void confine(const SandboxPlan& sandbox, const SystemCallFilter& filter) {
  require(SandboxStep::limits, set_limits(sandbox));
  require(SandboxStep::privileges, give_up_privileges(sandbox));
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // another user's rights take it away
  if (sandbox.mechanisms.has(Mechanism::landlock)) require(SandboxStep::landlock, restrict_files(sandbox));
  if (sandbox.mechanisms.has(Mechanism::seccomp)) require(SandboxStep::seccomp, filter.enforce(sandbox));
}

[[noreturn]] void become_command(const ReceivedPlan& plan, const SystemCallFilter& filter) {
  ::setsid();  // the mark of a command's descendants: see end_adopted_children()
  ::umask(022);
  const int no_input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (no_input < 0) refuse_start("/dev/null", std::strerror(errno), kNotExecutable);
  ::dup2(no_input, STDIN_FILENO);
  ::close_range(kReports + 1, ~0U, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!enter_directory(plan.cwd)) {
    refuse_start(plan.cwd, "the directory changed while the command was started", kNotExecutable);
  }
  if (plan.sandbox.is_on) confine(plan.sandbox, filter);
  ::execve(plan.executable, plan.arguments.data(), plan.environment.data());
  const int cause = errno;
  refuse_start(plan.arguments[0], std::strerror(cause), cause == ENOENT ? kNotFound : kNotExecutable);
}

int to_exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// The first process of the namespace. It has all orphans as its children, and when it ends the kernel ends the rest. No
// signal from inside of the namespace ends it.
[[noreturn]] void look_after(pid_t command) {
  ::close_range(kReports + 1, ~0U, 0);
  ::close(STDOUT_FILENO);
  ::close(STDERR_FILENO);
  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGCHLD);
  ::sigaddset(&awaited, SIGTERM);
  while (true) {
    if (::sigwaitinfo(&awaited, nullptr) == SIGTERM) {
      ::kill(-command, SIGTERM);
      ::kill(-command, SIGCONT);  // a stopped process can't act on it
    }
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended != command) continue;
      send_report(CommandReport::Kind::ended, SandboxStep::none, to_exit_code(status));
      ::_exit(0);
    }
  }
}

// Who the caller was: in a new user namespace it has no name until it is mapped.
struct Identity {
  uid_t user = ::geteuid();
  gid_t group = ::getegid();
};

[[noreturn]] void run_child_side(const ReceivedPlan& plan, const SystemCallFilter& filter, const CommandPipes& pipes,
                                 Identity identity) {
  ::close(pipes.reports.ours);
  ::setsid();
  arrange_descriptors(pipes);
  // A killed supervisor takes this process along; what is below that falls to the spawner, which ends it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (is_supervisor_gone()) ::_exit(kNotExecutable);
  if (plan.sandbox.is_on) volunteer_for_the_end();
  enter_namespaces(plan.sandbox, identity.user, identity.group);
  if (!plan.sandbox.mechanisms.has(Mechanism::pid_namespace)) become_command(plan, filter);
  ::prctl(PR_SET_DUMPABLE, 0);  // it can't be traced from inside of the namespace
  // NOLINTBEGIN(*.vfork, *.Vfork, bugprone-unsafe-functions): a third of fork()'s time. The memory is the child's too
  // until it executes the command; it changes nothing there that this process still needs.
  const pid_t command = ::vfork();
  if (command < 0) give_up(SandboxStep::namespaces, errno);
  if (command == 0) become_command(plan, filter);
  // NOLINTEND(*.vfork, *.Vfork, bugprone-unsafe-functions)
  look_after(command);
}

}  // namespace

std::optional<ReportPipe> open_report_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return ReportPipe{.ours = ends[0], .theirs = ends[1]};
}

std::optional<CommandReport> take_report(int ours) {
  CommandReport report;
  if (::read(ours, &report, sizeof report) != static_cast<ssize_t>(sizeof report)) return std::nullopt;
  return report;
}

pid_t start_command(const ReceivedPlan& plan, const SystemCallFilter& filter, CommandPipes pipes) {
  const Identity identity;
  const unsigned long flags = namespace_flags(plan.sandbox.mechanisms);
  // As fork(), for a process that has a single thread.
  const long child = flags == 0 ? ::fork() : ::syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) run_child_side(plan, filter, pipes, identity);
  return static_cast<pid_t>(child);
}

}  // namespace codehelper
