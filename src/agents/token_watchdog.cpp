#include "token_watchdog.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "codehelper/base/deadline.hpp"

namespace codehelper {

void TokenWatchdog::expect_within(std::chrono::milliseconds limit) {
  timer_.expires_at(Deadline::after(limit).when());  // which wakes wait()
}

void TokenWatchdog::rest() {
  timer_.expires_at(Clock::time_point::max());
}

Task<void> TokenWatchdog::wait() {
  constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
  while (Clock::now() < timer_.expiry()) {
    co_await timer_.async_wait(kAsTuple);  // throws when the coroutine is cancelled
  }
}

}  // namespace codehelper
