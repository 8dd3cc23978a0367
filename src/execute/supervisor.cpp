#include "supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "command_process.hpp"
#include "process_tree.hpp"
#include "run_protocol.hpp"
#include "tree_usage.hpp"

namespace codehelper {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTerminationGrace{1};
constexpr std::chrono::milliseconds kLimitPause{200};
constexpr std::chrono::milliseconds kNearLimitPause{20};
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

void report(const RunReport& message) {
  ::send(kControl, &message, sizeof message, MSG_NOSIGNAL);
}

// What was seen of a tree that was ended: what the first process of a namespace didn't reap is counted nowhere else.
struct SeenUsage {
  std::uint64_t largest_bytes = 0;
  std::uint64_t cpu_microseconds = 0;
};

// Of all that was reaped: the whole tree, when there is no child any more.
RunReport make_last_report(const SeenUsage& seen) {
  constexpr std::uint64_t kMicroseconds = 1'000'000;
  constexpr std::uint64_t kKibibyte = 1024;
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto microseconds = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * kMicroseconds + static_cast<std::uint64_t>(time.tv_usec);
  };
  const std::uint64_t reaped_cpu = microseconds(used.ru_utime) + microseconds(used.ru_stime);
  const std::uint64_t reaped_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * kKibibyte;
  return {.kind = RunReport::Kind::tree_gone,
          .cpu_microseconds = std::max(reaped_cpu, seen.cpu_microseconds),
          .max_rss_bytes = std::max(reaped_bytes, seen.largest_bytes)};
}

// Looks after the main process until it has ended or must end.
class Watch {
 public:
  struct Options {
    pid_t main_process = 0;
    int child_signals = -1;
    int reports = -1;
    RunLimits limits;
    std::optional<ControlGroup> group;  // that holds the limits
  };
  explicit Watch(Options options)
      : main_(options.main_process),
        child_signals_(options.child_signals),
        reports_(options.reports),
        limits_(options.limits),
        group_(std::move(options.group)) {}

  // How the main process ended, which is left unreaped so that its id still names its group; or nothing when it is to
  // be ended with its tree.
  std::optional<RunReport> wait() {
    while (true) {
      std::array<pollfd, 3> events{pollfd{kControl, POLLIN, 0}, pollfd{child_signals_, POLLIN, 0},
                                   pollfd{reports_are_open_ ? reports_ : -1, POLLIN, 0}};
      ::poll(events.data(), events.size(), poll_limit());
      if (events[1].revents != 0) drain_signals();
      reports_are_open_ = reports_are_open_ && (events[2].revents & ~POLLIN) == 0;
      auto end = take_told_end();
      if (!end) end = take_end();
      if (end) {
        if (group_) end->limit = group_->find_passed_limit();
        return end;
      }
      if (events[0].revents != 0 && !follow_order()) return std::nullopt;
      if (grace_end_ && Clock::now() >= *grace_end_) return std::nullopt;
      if (const RunLimit limit = find_passed_limit(); limit != RunLimit::none) {
        seen_.cpu_microseconds = measure_cpu_microseconds();
        return RunReport{.kind = RunReport::Kind::exited, .value = -SIGKILL, .limit = limit};
      }
    }
  }

  // Ends what is left, until there is no child any more.
  void end_tree() {
    ::kill(-main_, SIGKILL);  // at once for all that stayed in the command's group: none of them can fork out of it
    for (int round = 0;; ++round) {
      pid_t reaped = 0;
      while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) continue;
      if (reaped < 0 && errno == ECHILD) return;
      kill_children({});
      // Processes stuck in the kernel die late: after a while there is no hurry.
      pollfd event{child_signals_, POLLIN, 0};
      ::poll(&event, 1, round < 1000 ? 1 : 100);
      drain_signals();
    }
  }

  const SeenUsage& seen() const { return seen_; }

 private:
  bool has_limits() const { return limits_.memory_bytes != 0 || limits_.tasks != 0; }

  int poll_limit() const {
    std::optional<Clock::time_point> next = grace_end_;
    if (has_limits()) next = std::min(next.value_or(next_look_), next_look_);
    if (!next) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
  }

  // Memory and tasks of the tree are looked at now and then, and without a control group more often when they come near
  // their limit.
  RunLimit find_passed_limit() {
    if (!has_limits() || Clock::now() < next_look_) return RunLimit::none;
    const bool is_precise = limits_.memory_bytes != 0 && !group_;
    const TreeUsage usage = measure_descendants(is_precise ? limits_.memory_bytes : ~0ULL);
    seen_.largest_bytes = std::max(seen_.largest_bytes, usage.largest_bytes);
    if (group_) {
      next_look_ = Clock::now() + kLimitPause;
      return group_->find_passed_limit();
    }
    const bool is_near = usage.memory_bytes > limits_.memory_bytes / 4 || usage.tasks > limits_.tasks / 4;
    next_look_ = Clock::now() + (is_near ? kNearLimitPause : kLimitPause);
    if (limits_.memory_bytes != 0 && usage.memory_bytes > limits_.memory_bytes) return RunLimit::memory;
    if (limits_.tasks != 0 && usage.tasks > limits_.tasks) return RunLimit::tasks;
    return RunLimit::none;
  }

  void drain_signals() const {
    std::array<signalfd_siginfo, 16> signals;
    while (::read(child_signals_, signals.data(), sizeof signals) > 0) continue;
  }

  std::optional<RunReport> take_end() {
    while (true) {
      siginfo_t ended{};
      if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return std::nullopt;
      if (ended.si_pid == main_) return describe_end(ended);
      ::waitpid(ended.si_pid, nullptr, 0);  // an orphan that has ended by itself
    }
  }

  // The first process of a namespace tells how the command ended before it ends itself, which takes longer.
  std::optional<RunReport> take_told_end() const {
    const auto told = take_report(reports_);
    if (!told) return std::nullopt;
    const bool has_failed = told->kind == CommandReport::Kind::failed;
    return RunReport{.kind = has_failed ? RunReport::Kind::failed : RunReport::Kind::exited,
                     .value = told->value,
                     .step = told->step};
  }

  RunReport describe_end(const siginfo_t& ended) const {
    if (const auto told = take_told_end()) return *told;
    const int exit_code = ended.si_code == CLD_EXITED ? ended.si_status : -ended.si_status;
    return {.kind = RunReport::Kind::exited, .value = exit_code};
  }

  // False when the tree is to be ended at once.
  bool follow_order() {
    char order = 0;
    if (::recv(kControl, &order, sizeof order, 0) <= 0 || order != kTerminateOrder) return false;
    ::kill(-main_, SIGTERM);  // the first process of a namespace passes it on
    ::kill(-main_, SIGCONT);  // a stopped process can't act on it
    grace_end_ = Clock::now() + kTerminationGrace;
    return true;
  }

  pid_t main_;
  int child_signals_;
  int reports_;
  bool reports_are_open_ = true;
  RunLimits limits_;
  std::optional<ControlGroup> group_;
  SeenUsage seen_;
  std::optional<Clock::time_point> grace_end_;
  Clock::time_point next_look_ = Clock::now() + kNearLimitPause;
};

int open_child_signals() {
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  return ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

void supervise(RunDescriptors descriptors, const SystemCallFilter& filter, const std::optional<ControlGroup>& group) {
  keep_only(descriptors);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const int child_signals = open_child_signals();
  ReceivedPlan plan;
  if (!receive_plan(kControl, plan)) ::_exit(0);

  const bool is_counted =
      group && plan.sandbox.mechanisms.has(Mechanism::control_group) && group->limit(plan.sandbox.limits);
  report({.kind = RunReport::Kind::started, .value = ::getpid(), .has_control_group = is_counted});
  const auto reports = open_report_pipe();
  const pid_t main_process = reports ? start_command(plan, filter, {kOutput, kError, *reports}) : -1;
  if (main_process < 0) {
    report({.kind = RunReport::Kind::failed, .value = errno, .step = SandboxStep::namespaces});
    ::_exit(0);
  }
  ::close(kOutput);
  ::close(kError);
  ::close(reports->theirs);

  Watch watch({main_process, child_signals, reports->ours, plan.sandbox.limits,
               is_counted ? group : std::optional<ControlGroup>()});
  if (const auto end = watch.wait()) report(*end);
  watch.end_tree();
  report(make_last_report(watch.seen()));
  ::_exit(0);
}

}  // namespace codehelper
