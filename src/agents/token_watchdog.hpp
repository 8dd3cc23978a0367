// A time limit that moves: each token sets it anew.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "codehelper/net/task.hpp"

namespace codehelper {

class TokenWatchdog {
 public:
  explicit TokenWatchdog(boost::asio::any_io_executor executor) : timer_(std::move(executor)) { rest(); }

  /// From now on; takes the place of the limit before.
  void expect_within(std::chrono::milliseconds limit);
  /// No limit until the next expect_within().
  void rest();
  /// Resumes when a limit has passed.
  Task<void> wait();

 private:
  using Clock = std::chrono::steady_clock;

  boost::asio::steady_timer timer_;
};

}  // namespace codehelper
