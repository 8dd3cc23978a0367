// A token bucket a caller, kept as one point in time each (the generic cell rate algorithm, ITU-T I.371): no clock of
// its own, no timer, and no more than a fixed number of callers in memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "codehelper/net/http_server.hpp"

namespace codehelper {

class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  /// `max_callers` at least 1. Of more, the one that has asked least recently is forgotten: its bucket is the fullest.
  explicit RateLimiter(RateLimit limit, std::size_t max_callers = 10'000);

  /// Takes one request of `caller`; zero when it may make it, else how long until it may, and nothing is taken.
  Clock::duration take(std::string_view caller, Clock::time_point now);
  std::size_t size() const { return places_.size(); }

 private:
  // When the bucket is full again.
  using Bucket = std::pair<std::string, Clock::time_point>;

  Bucket& find_or_make(std::string_view caller, Clock::time_point now);

  Clock::duration interval_;   // in which one request's worth flows in; zero: no limit
  Clock::duration tolerance_;  // how far ahead of `now` a bucket's time may be
  std::size_t max_callers_;
  std::list<Bucket> buckets_;  // the most recently used first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> places_;
};

}  // namespace codehelper
