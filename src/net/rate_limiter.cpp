#include "rate_limiter.hpp"

#include <algorithm>

namespace codehelper {

RateLimiter::RateLimiter(RateLimit limit, std::size_t max_callers)
    : interval_(limit.per_second == 0 ? Clock::duration::zero()
                                      : Clock::duration(std::chrono::seconds(1)) / limit.per_second),
      tolerance_(interval_ * std::max(limit.burst, 1U)),
      max_callers_(max_callers) {}

RateLimiter::Clock::duration RateLimiter::take(std::string_view caller, Clock::time_point now) {
  if (interval_ == Clock::duration::zero()) return Clock::duration::zero();
  Bucket& bucket = find_or_make(caller, now);
  const auto full_at = std::max(bucket.second, now) + interval_;
  if (full_at - now > tolerance_) return full_at - now - tolerance_;
  bucket.second = full_at;
  return Clock::duration::zero();
}

RateLimiter::Bucket& RateLimiter::find_or_make(std::string_view caller, Clock::time_point now) {
  const auto place = places_.find(caller);
  if (place != places_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, place->second);
    return buckets_.front();
  }
  if (places_.size() >= max_callers_) {
    places_.erase(buckets_.back().first);
    buckets_.pop_back();
  }
  buckets_.emplace_front(std::string(caller), now);
  places_.emplace(buckets_.front().first, buckets_.begin());
  return buckets_.front();
}

}  // namespace codehelper
