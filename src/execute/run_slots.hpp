// How many runs go on at once: a fixed number of slots, and a queue in order of arrival.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "codehelper/base/error.hpp"
#include "codehelper/net/task.hpp"

namespace codehelper {

class RunSlots {
 public:
  RunSlots(boost::asio::any_io_executor executor, unsigned slots, unsigned queue);

  /// Held while a run goes on; given to the next in the queue when it is destroyed.
  class Slot;
  /// `on_queued` (may be empty) is told the place in the queue, 1 = the next, at first and whenever it changes. Errors:
  /// overloaded when the queue is full, cancelled while waiting.
  Task<Result<Slot>> acquire(std::function<void(std::size_t)> on_queued = {});

 private:
  struct State;
  std::shared_ptr<State> state_;
};

class RunSlots::Slot {
 public:
  explicit Slot(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Slot(Slot&&) = default;
  Slot& operator=(Slot&&) = delete;
  ~Slot();

 private:
  std::shared_ptr<State> state_;  // empty after a move
};

}  // namespace codehelper
