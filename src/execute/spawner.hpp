// The owner's side of the spawner: starts the helper process on first use, again when it was killed, and hands it runs.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <filesystem>

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
    boost::asio::local::stream_protocol::socket control;
    boost::asio::posix::stream_descriptor standard_output;
    boost::asio::posix::stream_descriptor standard_error;
  };
  /// Errors: internal, when the machine has no process or descriptor left.
  Result<StartedRun> start();
  /// For a supervisor that does not do its work any more. What it leaves is ended too.
  void kill_supervisor(std::uint64_t run);
  /// For a helper process that does not answer: ends it; the next start() makes a new one.
  void stop();

 private:
  Result<void> launch();

  EventLoop& loop_;
  std::filesystem::path executable_;
  pid_t process_ = -1;
  int orders_ = -1;
  std::uint64_t last_run_ = 0;
};

/// As run_child(), with a spawner that serves many runs.
Task<Result<CommandResult>> run_spawned(EventLoop& loop, Spawner& spawner, CommandPlan plan, ChildOptions options);

}  // namespace codehelper
