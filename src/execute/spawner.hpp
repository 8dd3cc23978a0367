// The owner's side of the spawner: starts the helper process on first use, again when it was killed, and hands it runs.
//
// A command may kill its supervisor and the helper process. What it has left running then falls to this process, which
// is a child subreaper for that reason from the first launch on, and end_orphans() ends it. A command that kills this
// process too is out of reach: that takes a process namespace.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "codehelper/execute/child_process.hpp"
#include "run_protocol.hpp"

namespace codehelper {

class Spawner {
 public:
  /// `executable` enters the hidden mode when its first argument says so. `loop` outlives the spawner.
  Spawner(EventLoop& loop, std::filesystem::path executable);
  /// Every run has ended by then. Waits until the helper process is gone.
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  /// A run whose supervisor waits for its plan. Closing `control` ends it with its tree.
  struct StartedRun {
    std::uint64_t id = 0;
    pid_t helper = 0;
    boost::asio::local::stream_protocol::socket control;
    boost::asio::posix::stream_descriptor standard_output;
    boost::asio::posix::stream_descriptor standard_error;
  };
  /// Errors: internal, when the machine has no process or descriptor left.
  Result<StartedRun> start();
  /// For a supervisor that does not do its work any more. What it leaves is ended too. One whose helper process is gone
  /// is only waked, in case it was stopped.
  void kill_supervisor(std::uint64_t run);
  /// For a helper process that does not answer: ends it; the next start() makes a new one. Runs that were started
  /// through it go on.
  void stop();
  /// For a run that can't be ended otherwise: stop(), and the end of all runs of helper processes that are gone.
  void abandon();
  /// For a run whose control has ended without `tree_gone`: its helper process and its supervisor (0: it never
  /// reported) are dead or about to be. Ends what commands left to this process. False when there was something: to be
  /// called again until there is nothing.
  bool end_orphans(pid_t helper, pid_t supervisor);

 private:
  Result<void> launch();
  void reap_lost_supervisors();
  void signal_lost_supervisors(int signal);

  EventLoop& loop_;
  std::filesystem::path executable_;
  pid_t process_ = -1;
  int orders_ = -1;
  std::uint64_t last_run_ = 0;
  std::vector<pid_t> lost_groups_;  // of helper processes that are gone; their supervisors may still be there, as ours
};

/// As run_child(), with a spawner that serves many runs.
Task<Result<CommandResult>> run_spawned(EventLoop& loop, Spawner& spawner, CommandPlan plan, ChildOptions options);

}  // namespace codehelper
