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
  bool is_watched = false;  // somebody waits for is_done in the connection
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
struct ValuedRunState : RunState {
  T value;
};

template <class T>
Task<void> run_into(std::shared_ptr<ValuedRunState<T>> state, Task<T> task) {
  state->value = co_await std::move(task);
  state->is_done = true;
}

/// A task that never waits is done when co_spawn() returns: it costs neither a turn of the loop nor a read.
template <class T>
Task<RunOutcome<T>> run_supervised(std::shared_ptr<HttpConnection> connection, Task<T> task, Deadline deadline) {
  auto state = std::make_shared<ValuedRunState<T>>();
  auto on_end = [state, connection](const std::exception_ptr& failure) {
    state->failure = failure;
    state->is_done = true;
    if (state->is_watched) connection->wake();
  };
  auto executor = co_await boost::asio::this_coro::executor;
  auto run = run_into(state, std::move(task));
  boost::asio::co_spawn(executor, std::move(run),
                        boost::asio::bind_cancellation_slot(state->cancel.slot(), std::move(on_end)));
  RunEnd end = RunEnd::finished;
  if (!state->is_done) end = co_await watch(*connection, *state, deadline);
  co_return RunOutcome<T>{end, state->failure, std::move(state->value)};
}

}  // namespace codehelper
