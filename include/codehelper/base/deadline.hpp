// A point in time by which something must have ended. It is data, carried in RequestContext; each client uses the
// smaller of its own limit and what is left.
#pragma once

#include <algorithm>
#include <chrono>

namespace codehelper {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  static Deadline never() { return Deadline(Clock::time_point::max()); }
  static Deadline at(Clock::time_point when) { return Deadline(when); }
  /// never() for a limit beyond what the clock can tell.
  static Deadline after(std::chrono::milliseconds limit) {
    const Clock::time_point now = Clock::now();
    const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::time_point::max() - now);
    return limit >= most ? never() : Deadline(now + limit);
  }

  Clock::time_point when() const { return when_; }
  bool is_never() const { return when_ == Clock::time_point::max(); }
  bool passed() const { return !is_never() && Clock::now() >= when_; }

  /// What is left, never below zero; milliseconds::max() for never().
  std::chrono::milliseconds remaining() const {
    if (is_never()) return std::chrono::milliseconds::max();
    return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(when_ - Clock::now()));
  }

  Deadline earlier(Deadline other) const { return Deadline(std::min(when_, other.when_)); }

 private:
  explicit Deadline(Clock::time_point when) : when_(when) {}

  Clock::time_point when_;
};

}  // namespace codehelper
