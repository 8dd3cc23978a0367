// The hidden mode: a small single-threaded process that forks a supervisor for each command. Forking from here costs
// the same however big the owner is, and nothing of the owner (threads, memory, descriptors) gets near a command.
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
#include <vector>

#include "codehelper/execute/child_process.hpp"
#include "confinement.hpp"
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
      std::array<pollfd, 2> events{pollfd{child_signals_, POLLIN, 0},
                                   pollfd{owner_is_there_ ? orders_ : -1, POLLIN, 0}};
      ::poll(events.data(), events.size(), lost_.empty() ? -1 : kSweepPause);
      drain_signals();
      reap();
      if (!lost_.empty()) end_orphans();
      if (events[1].revents != 0) follow_order();
    }
  }

 private:
  struct Run {
    std::uint64_t id = 0;
    pid_t supervisor = 0;
    int control = -1;  // the supervisor's end, kept open so that the owner sees its end only when all is gone
  };

  void drain_signals() const {
    std::array<signalfd_siginfo, 16> signals;
    while (::read(child_signals_, signals.data(), sizeof signals) > 0) continue;
  }

  void reap() {
    int status = 0;
    pid_t child = 0;
    while ((child = ::waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
      const auto run = std::ranges::find(runs_, child, &Run::supervisor);
      if (run == runs_.end()) continue;
      if (WIFSTOPPED(status)) {
        ::kill(child, SIGCONT);  // only its tree can have done that
        continue;
      }
      if (WIFEXITED(status)) {
        end_run(run->control);
      } else {
        lost_.push_back(run->control);
      }
      runs_.erase(run);
    }
  }

  // A supervisor that was killed leaves its tree to us: every child that is no supervisor.
  void end_orphans() {
    std::vector<pid_t> supervisors;
    supervisors.reserve(runs_.size());
    for (const Run& run : runs_) supervisors.push_back(run.supervisor);
    if (kill_children(supervisors) > 0) return;
    for (const int control : lost_) end_run(control);
    lost_.clear();
  }

  static void end_run(int control) {
    const RunReport report{RunReport::Kind::tree_gone, 0};
    ::send(control, &report, sizeof report, MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(control);
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
    const pid_t supervisor = ::fork();
    if (supervisor == 0) supervise(descriptors, filter_);
    ::close(descriptors.standard_output);
    ::close(descriptors.standard_error);
    if (supervisor < 0) {
      ::close(descriptors.control);
      return;
    }
    runs_.push_back({id, supervisor, descriptors.control});
  }

  int orders_;
  SystemCallFilter filter_;
  int child_signals_ = -1;
  bool owner_is_there_ = true;
  std::vector<Run> runs_;
  std::vector<int> lost_;  // control ends of runs whose supervisor was killed, until their orphans are gone
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
