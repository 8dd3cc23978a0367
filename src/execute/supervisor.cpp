#include "supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "process_tree.hpp"
#include "run_protocol.hpp"

namespace codehelper {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTerminationGrace{1};
constexpr int kControl = 3;
constexpr int kOutput = 4;
constexpr int kError = 5;

// Puts the three descriptors at fixed places and closes all else: above all other runs' control connections, whose ends
// must be seen.
void keep_only(RunDescriptors descriptors) {
  constexpr int kOutOfTheWay = 16;
  const std::array sources{descriptors.control, descriptors.standard_output, descriptors.standard_error};
  std::array<int, 3> copies{};
  for (std::size_t i = 0; i < sources.size(); ++i) copies[i] = ::fcntl(sources[i], F_DUPFD_CLOEXEC, kOutOfTheWay);
  for (std::size_t i = 0; i < copies.size(); ++i) ::dup3(copies[i], kControl + static_cast<int>(i), O_CLOEXEC);
  ::close_range(kError + 1, ~0U, 0);
}

void report(RunReport::Kind kind, int value) {
  const RunReport message{kind, value};
  ::send(kControl, &message, sizeof message, MSG_NOSIGNAL);
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

[[noreturn]] void become_command(const ReceivedPlan& plan, pid_t supervisor) {
  ::setsid();  // the mark of a command's descendants: see end_adopted_children()
  // A killed supervisor takes the main process along; what is below that falls to the spawner, which ends it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) ::_exit(126);
  ::umask(022);
  ::dup2(kOutput, STDOUT_FILENO);
  ::dup2(kError, STDERR_FILENO);
  const int no_input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (no_input < 0) refuse_start("/dev/null", std::strerror(errno), 126);
  ::dup2(no_input, STDIN_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!enter_directory(plan.cwd)) refuse_start(plan.cwd, "the directory changed while the command was started", 126);
  // Here is the place for confinement: the descriptors and the directory are set, and nothing the request names has
  // run yet. Each step is plain code in this process.
  ::execve(plan.executable, plan.arguments.data(), plan.environment.data());
  const int cause = errno;
  refuse_start(plan.arguments[0], std::strerror(cause), cause == ENOENT ? 127 : 126);
}

// Looks after the main process until it has ended or must end.
class Watch {
 public:
  Watch(pid_t main_process, int child_signals) : main_(main_process), child_signals_(child_signals) {}

  // The wait status of the main process, which is left unreaped so that its id still names its group; or nothing when
  // it is to be ended with its tree.
  std::optional<int> wait() {
    while (true) {
      std::array<pollfd, 2> events{pollfd{kControl, POLLIN, 0}, pollfd{child_signals_, POLLIN, 0}};
      ::poll(events.data(), events.size(), poll_limit());
      if (events[1].revents != 0) drain_signals();
      if (const auto status = take_status()) return status;
      if (events[0].revents != 0 && !follow_order()) return std::nullopt;
      if (grace_end_ && Clock::now() >= *grace_end_) return std::nullopt;
    }
  }

  // Ends what is left, until there is no child any more.
  void end_tree() {
    ::kill(-main_, SIGKILL);  // at once for all that stayed in the command's group: none of them can fork out of it
    for (int round = 0;; ++round) {
      kill_children({});
      pid_t reaped = 0;
      while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) continue;
      if (reaped < 0 && errno == ECHILD) return;
      // Processes stuck in the kernel die late: after a while there is no hurry.
      pollfd event{child_signals_, POLLIN, 0};
      ::poll(&event, 1, round < 1000 ? 1 : 100);
      drain_signals();
    }
  }

 private:
  int poll_limit() const {
    if (!grace_end_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*grace_end_ - Clock::now());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
  }

  void drain_signals() const {
    std::array<signalfd_siginfo, 16> signals;
    while (::read(child_signals_, signals.data(), sizeof signals) > 0) continue;
  }

  std::optional<int> take_status() {
    while (true) {
      siginfo_t ended{};
      if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return std::nullopt;
      if (ended.si_pid == main_) return ended.si_code == CLD_EXITED ? ended.si_status : -ended.si_status;
      ::waitpid(ended.si_pid, nullptr, 0);  // an orphan that has ended by itself
    }
  }

  // False when the tree is to be ended at once.
  bool follow_order() {
    char order = 0;
    if (::recv(kControl, &order, sizeof order, 0) <= 0 || order != kTerminateOrder) return false;
    ::kill(-main_, SIGTERM);
    ::kill(-main_, SIGCONT);  // a stopped process can't act on it
    grace_end_ = Clock::now() + kTerminationGrace;
    return true;
  }

  pid_t main_;
  int child_signals_;
  std::optional<Clock::time_point> grace_end_;
};

int open_child_signals() {
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  return ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

void supervise(RunDescriptors descriptors) {
  keep_only(descriptors);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const int child_signals = open_child_signals();
  ReceivedPlan plan;
  if (!receive_plan(kControl, plan)) ::_exit(0);

  const pid_t self = ::getpid();
  report(RunReport::Kind::started, self);
  const pid_t main_process = ::fork();
  if (main_process == 0) become_command(plan, self);
  if (main_process < 0) {
    report(RunReport::Kind::failed, errno);
    ::_exit(0);
  }
  ::close(kOutput);
  ::close(kError);

  Watch watch(main_process, child_signals);
  if (const auto exit_code = watch.wait()) report(RunReport::Kind::exited, *exit_code);
  watch.end_tree();
  report(RunReport::Kind::tree_gone, 0);
  ::_exit(0);
}

}  // namespace codehelper
