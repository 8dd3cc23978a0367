// A time limit around one operation. The operation is cancelled when the deadline passes, and awaited before the
// error is returned, so that nothing of it goes on behind the caller's back.
#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <string>

#include "codehelper/net/event_loop.hpp"

namespace codehelper {

/// The operation's result, or ErrorCode::timeout with "`what` took longer than its limit". A never() deadline adds
/// nothing. Exceptions of the operation come out unchanged.
template <class T>
Task<Result<T>> with_deadline(Deadline deadline, std::string what, Task<Result<T>> operation) {
  namespace asio = boost::asio;
  if (deadline.is_never()) {
    co_return co_await std::move(operation);
  }
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, deadline.when());
  auto first = asio::co_spawn(executor, std::move(operation), asio::deferred);
  auto second = timer.async_wait(asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(first), std::move(second));
  auto outcome = co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  auto& [order, failure, result, timer_error] = outcome;
  if (order[0] == 1 && !timer_error) {
    co_return fail(ErrorCode::timeout, what + " took longer than its limit");
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  co_return std::move(result);
}

}  // namespace codehelper
