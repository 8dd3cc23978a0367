#include "codehelper/net/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <optional>

namespace codehelper {

namespace asio = boost::asio;

struct TaskGroup::State {
  State(EventLoop& event_loop, Log group_log)
      : loop(event_loop),
        log(std::move(group_log)),
        all_done(event_loop.context(), asio::steady_timer::time_point::max()) {}

  EventLoop& loop;
  Log log;
  std::list<asio::cancellation_signal> children;
  asio::steady_timer all_done;
};

namespace {

/// Nothing for a task that ended because it was cancelled: that is how cancelled tasks end.
std::optional<std::string> describe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) return std::nullopt;
    return error.what();
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of no known type";
  }
}

}  // namespace

TaskGroup::TaskGroup(EventLoop& loop, Log log) : state_(std::make_shared<State>(loop, std::move(log))) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(std::string_view name, Task<void> task) {
  auto child = state_->children.emplace(state_->children.end());
  auto on_end = [state = state_, child, task_name = std::string(name)](const std::exception_ptr& failure) {
    const auto cause = failure ? describe(failure) : std::nullopt;
    if (cause) state->log.error("task_failed", {{"task", task_name}, {"cause", *cause}});
    state->children.erase(child);
    if (state->children.empty()) state->all_done.cancel();
  };
  asio::co_spawn(state_->loop.executor(), std::move(task), asio::bind_cancellation_slot(child->slot(), on_end));
}

void TaskGroup::cancel_all() {
  auto child = state_->children.begin();
  while (child != state_->children.end()) {
    auto next = std::next(child);
    child->emit(asio::cancellation_type::terminal);
    child = next;
  }
}

Task<void> TaskGroup::join() {
  auto state = state_;
  while (!state->children.empty()) {
    co_await state->all_done.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

std::size_t TaskGroup::size() const {
  return state_->children.size();
}

}  // namespace codehelper
