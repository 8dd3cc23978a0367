// One thread that runs every coroutine, a small pool for what may block longer than 1 ms, and the signals that end a
// process. Everything of ours lives on this loop; nothing needs a lock.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "codehelper/base/deadline.hpp"
#include "codehelper/base/error.hpp"
#include "codehelper/net/task.hpp"

namespace codehelper {

class EventLoop {
 public:
  /// `blocking_threads` 0 = one more than there are processors, at least 3: one of them often waits for a disk.
  explicit EventLoop(std::size_t blocking_threads = 0);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  boost::asio::io_context& context() { return context_; }
  boost::asio::any_io_executor executor() { return context_.get_executor(); }
  std::size_t blocking_threads() const { return blocking_threads_; }

  /// Runs `work()` on the blocking pool and resumes on the loop with its result. Work once begun is not interrupted:
  /// cut it into slices short enough to stop between. Exceptions of `work` come out of the await.
  template <class Work>
  Task<std::invoke_result_t<Work>> run_blocking(Work work) {
    using Value = std::invoke_result_t<Work>;
    auto body = [](Work inner) -> Task<Value> { co_return inner(); };
    Task<Value> task = body(std::move(work));
    // No cancellation goes to the pool: Asio 1.26 would emit it there, on a signal that may be gone by then.
    auto token = boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(), boost::asio::use_awaitable);
    auto spawned = boost::asio::co_spawn(pool_, std::move(task), std::move(token));
    co_return co_await std::move(spawned);
  }

  /// Calls `on_first` in the loop at the first SIGTERM or SIGINT; the second one ends the process at once with status
  /// 128 + signal. Without a call of this, the signals keep their default effect.
  void handle_shutdown_signals(std::function<void(int signal)> on_first);

  /// Runs until stop(), or until nothing is left to do.
  void run();
  void stop();

 private:
  struct Signals;

  boost::asio::io_context context_;
  std::size_t blocking_threads_;
  boost::asio::thread_pool pool_;
  std::unique_ptr<Signals> signals_;
};

/// Resumes after `duration`, or earlier with ErrorCode::cancelled when the coroutine is cancelled.
Task<Result<void>> sleep_for(std::chrono::milliseconds duration);

/// Blocks the calling thread: runs `loop` until `task` is done. For main functions and tests.
template <class T>
T run_until_done(EventLoop& loop, Task<T> task) {
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(loop.executor(), std::move(task), [&](std::exception_ptr error) {
      failure = error;
      loop.stop();
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> value;
    boost::asio::co_spawn(loop.executor(), std::move(task), [&](std::exception_ptr error, T result) {
      failure = error;
      if (!error) value.emplace(std::move(result));
      loop.stop();
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
}

}  // namespace codehelper
