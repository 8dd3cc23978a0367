#include "codehelper/net/event_loop.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace codehelper {

namespace asio = boost::asio;

struct EventLoop::Signals {
  explicit Signals(asio::io_context& context) : set(context, SIGTERM, SIGINT) {}

  void wait() {
    set.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (seen) std::_Exit(128 + signal);
      seen = true;
      on_first(signal);
      wait();
    });
  }

  asio::signal_set set;
  std::function<void(int)> on_first;
  bool seen = false;
};

EventLoop::EventLoop(std::size_t blocking_threads)
    : context_(1),
      blocking_threads_(blocking_threads != 0 ? blocking_threads
                                              : std::max<std::size_t>(2, std::thread::hardware_concurrency()) + 1),
      pool_(blocking_threads_) {}

EventLoop::~EventLoop() {
  pool_.join();
}

void EventLoop::handle_shutdown_signals(std::function<void(int)> on_first) {
  signals_ = std::make_unique<Signals>(context_);
  signals_->on_first = std::move(on_first);
  signals_->wait();
}

void EventLoop::run() {
  context_.restart();
  context_.run();
}

void EventLoop::stop() {
  context_.stop();
}

Task<Result<void>> sleep_for(std::chrono::milliseconds duration) {
  auto executor = co_await asio::this_coro::executor;
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);  // nanoseconds overflow at 292 years
  asio::steady_timer timer(executor, std::min(duration, kLongest));
  auto waited = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (std::get<0>(waited)) co_return fail(ErrorCode::cancelled, "cancelled while waiting");
  co_return Result<void>{};
}

}  // namespace codehelper
