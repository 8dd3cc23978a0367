// A handler at work while its connection is watched: it is cancelled when the caller leaves, when its time is over or
// when the connection is aborted, and in every case awaited to its end.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "http_connection.hpp"

namespace codehelper {

enum class RunEnd { finished, caller_left, timed_out, aborted };

struct RunState {
  boost::asio::cancellation_signal cancel;
  bool is_done = false;
  std::exception_ptr failure;
};

/// Resumes when `run` is done, and says what it was cancelled for, or `finished`. Bytes of a next request that come
/// meanwhile are kept in the connection, up to a bound.
Task<RunEnd> watch(HttpConnection& connection, RunState& run, Deadline deadline);

template <class T>
struct RunOutcome {
  RunEnd end = RunEnd::finished;
  std::exception_ptr failure;
  T value;
};

template <class T>
Task<RunOutcome<T>> run_supervised(std::shared_ptr<HttpConnection> connection, Task<T> task, Deadline deadline) {
  struct State : RunState {
    T value;
  };
  auto state = std::make_shared<State>();
  auto on_end = [state, connection](const std::exception_ptr& failure, T value) {
    state->failure = failure;
    state->value = std::move(value);
    state->is_done = true;
    connection->wake();
  };
  auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::co_spawn(executor, std::move(task),
                        boost::asio::bind_cancellation_slot(state->cancel.slot(), std::move(on_end)));
  const RunEnd end = co_await watch(*connection, *state, deadline);
  co_return RunOutcome<T>{end, state->failure, std::move(state->value)};
}

}  // namespace codehelper
