// Children that run side by side with their owner, and can be cancelled and awaited together.
#pragma once

#include <memory>
#include <string_view>

#include "codehelper/base/log.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

/// Must be joined before it is destroyed, or outlive the loop's last run.
class TaskGroup {
 public:
  TaskGroup(EventLoop& loop, Log log);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task` on the loop. An exception that leaves it is logged as `task_failed` with `name`; it ends no one
  /// else. Being cancelled is not a failure.
  void spawn(std::string_view name, Task<void> task);
  /// Requests terminal cancellation of every child; returns at once.
  void cancel_all();
  /// Resumes when no child is left.
  Task<void> join();
  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace codehelper
