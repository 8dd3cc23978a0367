#include "run_slots.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <list>

namespace codehelper {

namespace asio = boost::asio;

struct RunSlots::State {
  struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : turn(executor, asio::steady_timer::time_point::max()) {}

    asio::steady_timer turn;
    std::function<void(std::size_t)> on_queued{};
    bool has_slot = false;
  };

  void tell_positions() const {
    std::size_t position = 0;
    for (const auto& waiter : waiting) {
      ++position;
      if (waiter->on_queued) waiter->on_queued(position);
    }
  }

  void release() {
    if (waiting.empty()) {
      --taken;
      return;
    }
    waiting.front()->has_slot = true;
    waiting.front()->turn.cancel();
    waiting.pop_front();
    tell_positions();
  }

  asio::any_io_executor executor;
  unsigned slots = 0;
  unsigned queue = 0;
  unsigned taken = 0;
  std::list<std::shared_ptr<Waiter>> waiting{};
};

RunSlots::RunSlots(asio::any_io_executor executor, unsigned slots, unsigned queue)
    : state_(std::make_shared<State>(State{.executor = std::move(executor), .slots = slots, .queue = queue})) {}

Task<Result<RunSlots::Slot>> RunSlots::acquire(std::function<void(std::size_t)> on_queued) {
  auto state = state_;
  if (state->taken < state->slots) {
    ++state->taken;
    co_return Slot(state);
  }
  if (state->waiting.size() >= state->queue) {
    co_return fail(ErrorCode::overloaded, fmt::format("{} commands are running and {} are waiting; try again later",
                                                      state->taken, state->waiting.size()));
  }
  auto waiter = std::make_shared<State::Waiter>(state->executor);
  waiter->on_queued = std::move(on_queued);
  state->waiting.push_back(waiter);
  if (waiter->on_queued) waiter->on_queued(state->waiting.size());
  co_await waiter->turn.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter->has_slot) co_return Slot(state);
  state->waiting.remove(waiter);
  state->tell_positions();
  co_return fail(ErrorCode::cancelled, "cancelled while waiting for other commands to end");
}

RunSlots::Slot::~Slot() {
  if (state_) state_->release();
}

}  // namespace codehelper
