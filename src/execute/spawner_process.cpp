// The hidden mode: a small single-threaded process that forks a supervisor for each command. Forking from here costs
// the same however big the owner is, and nothing of the owner (threads, memory, descriptors) gets near a command.
//
// The next supervisor waits ready, where there are control groups in one of its own: entering it takes up to 20 ms.
// This process makes the groups and removes them.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codehelper/execute/child_process.hpp"
#include "confinement.hpp"
#include "control_group.hpp"
#include "process_tree.hpp"
#include "run_protocol.hpp"
#include "supervisor.hpp"

namespace codehelper {

namespace {

class SpawnerProcess {
 public:
  explicit SpawnerProcess(int orders) : orders_(orders) {}

  // Until the owner is gone and every supervisor has ended.
  void serve() {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    child_signals_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    while (owner_is_there_ || !runs_.empty() || !lost_.empty()) {
      constexpr int kSweepPause = 5;
      if (owner_is_there_ && spare_.supervisor == 0) spare_ = fork_spare();
      std::array<pollfd, 2> events{pollfd{child_signals_, POLLIN, 0},
                                   pollfd{owner_is_there_ ? orders_ : -1, POLLIN, 0}};
      ::poll(events.data(), events.size(), lost_.empty() ? -1 : kSweepPause);
      drain_signals();
      reap();
      if (!lost_.empty()) end_orphans();
      if (events[1].revents != 0) follow_order();
    }
    dismiss_spare();
  }

 private:
  struct Run {
    std::uint64_t id = 0;
    pid_t supervisor = 0;
    int control = -1;  // the supervisor's end, kept open so that the owner sees its end only when all is gone
    std::optional<ControlGroup> group{};
  };
  struct Spare {
    pid_t supervisor = 0;  // 0: there is none
    int orders = -1;       // over which it gets its run
    std::optional<ControlGroup> group{};
  };

  void drain_signals() const {
    std::array<signalfd_siginfo, 16> signals;
    while (::read(child_signals_, signals.data(), sizeof signals) > 0) continue;
  }

  void reap() {
    int status = 0;
    pid_t child = 0;
    while ((child = ::waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
      if (WIFSTOPPED(status)) {
        if (is_supervisor(child)) ::kill(child, SIGCONT);  // only a command can have done that
        continue;
      }
      if (child == spare_.supervisor) forget_spare();
      const auto run = std::ranges::find(runs_, child, &Run::supervisor);
      if (run == runs_.end()) continue;
      if (WIFEXITED(status)) {
        end_run(*run);
      } else {
        lost_.push_back(std::move(*run));
      }
      runs_.erase(run);
    }
  }

  bool is_supervisor(pid_t child) const {
    return child == spare_.supervisor || std::ranges::find(runs_, child, &Run::supervisor) != runs_.end();
  }

  // A supervisor that was killed leaves its tree to us: every child that is no supervisor.
  void end_orphans() {
    std::vector<pid_t> supervisors{spare_.supervisor};
    supervisors.reserve(runs_.size() + 1);
    for (const Run& run : runs_) supervisors.push_back(run.supervisor);
    if (kill_children(supervisors) > 0) return;
    for (const Run& run : lost_) end_run(run);
    lost_.clear();
  }

  static void end_run(const Run& run) {
    if (run.group) run.group->remove();
    const RunReport report{RunReport::Kind::tree_gone, 0};
    ::send(run.control, &report, sizeof report, MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(run.control);
  }

  void follow_order() {
    SpawnOrder order;
    RunDescriptors descriptors;
    if (!receive_order(orders_, order, descriptors)) {
      owner_is_there_ = false;
      return;
    }
    if (order.kind == SpawnOrder::Kind::start) {
      start(order.run, descriptors);
      return;
    }
    const auto run = std::ranges::find(runs_, order.run, &Run::id);
    if (run != runs_.end()) ::kill(run->supervisor, SIGKILL);
  }

  void start(std::uint64_t id, RunDescriptors descriptors) {
    if (spare_.supervisor == 0 || !send_order(spare_.orders, {.run = id}, descriptors)) {
      dismiss_spare();
      spare_ = fork_spare();
      if (spare_.supervisor != 0) send_order(spare_.orders, {.run = id}, descriptors);
    }
    ::close(descriptors.standard_output);
    ::close(descriptors.standard_error);
    const Spare taken = std::exchange(spare_, {});
    if (taken.supervisor == 0) {
      ::close(descriptors.control);
      return;
    }
    ::close(taken.orders);
    runs_.push_back({id, taken.supervisor, descriptors.control, taken.group});
  }

  // Supervisor 0 when there is no process or descriptor left.
  Spare fork_spare() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
    Spare spare{.orders = ends[0], .group = make_group()};
    spare.supervisor = ::fork();
    if (spare.supervisor == 0) wait_for_order(ends[1], spare.group);
    ::close(ends[1]);
    if (spare.supervisor > 0) return spare;
    ::close(spare.orders);
    if (spare.group) spare.group->remove();
    return {};
  }

  std::optional<ControlGroup> make_group() {
    if (!groups_) return std::nullopt;
    const std::string name = "codehelper-" + std::to_string(::getpid()) + "-" + std::to_string(++last_group_);
    const ControlGroup group(*groups_, name);
    return group.make() ? std::optional(group) : std::nullopt;
  }

  // It must not hold other runs' control connections while it waits: their ends must be seen.
  [[noreturn]] void wait_for_order(int orders, std::optional<ControlGroup> group) {
    ::dup3(orders, kOrdersDescriptor, O_CLOEXEC);
    ::close_range(kOrdersDescriptor + 1, ~0U, 0);
    if (group && !group->enter()) group.reset();
    SpawnOrder order;
    RunDescriptors descriptors;
    if (!receive_order(kOrdersDescriptor, order, descriptors)) ::_exit(0);
    supervise(descriptors, filter_, group);
  }

  void dismiss_spare() {
    if (spare_.supervisor == 0) return;
    ::kill(spare_.supervisor, SIGKILL);
    while (::waitpid(spare_.supervisor, nullptr, 0) < 0 && errno == EINTR) continue;
    forget_spare();
  }

  void forget_spare() {
    ::close(spare_.orders);
    if (spare_.group) spare_.group->remove();
    spare_ = {};
  }

  int orders_;
  SystemCallFilter filter_;
  int child_signals_ = -1;
  bool owner_is_there_ = true;
  std::vector<Run> runs_;
  std::vector<Run> lost_;  // whose supervisor was killed, until their orphans are gone
  std::optional<ControlGroupPlace> groups_ = prepare_control_groups();
  std::uint64_t last_group_ = 0;
  Spare spare_;
};

}  // namespace

int run_supervisor(int /*argc*/, char** /*argv*/) {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(kOrdersDescriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) {
    std::fputs("codehelper: this mode is started by codehelper itself\n", stderr);
    ::_exit(2);
  }
  ::close_range(kOrdersDescriptor + 1, ~0U, 0);
  ::fcntl(kOrdersDescriptor, F_SETFD, FD_CLOEXEC);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_NAME, "codehelper");  // it may have been executed as a descriptor's number
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  SpawnerProcess(kOrdersDescriptor).serve();
  ::_exit(0);  // no exit handlers: they belong to the program this mode is hidden in
}

}  // namespace codehelper
