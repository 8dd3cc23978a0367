#include "rate_limiter.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;
using namespace std::chrono_literals;

namespace {

const RateLimiter::Clock::time_point kStart{1'000s};

/// How many requests of `caller` pass at `now`, before the first that doesn't.
int count_passing(RateLimiter& limiter, std::string_view caller, RateLimiter::Clock::time_point now) {
  int passing = 0;
  while (passing < 1'000 && limiter.take(caller, now) == 0s) ++passing;
  return passing;
}

}  // namespace

TEST_CASE("rate limiter: lets a burst pass, then as many as flow in, and never more than a burst") {
  RateLimiter limiter({.per_second = 10, .burst = 20});

  CHECK(count_passing(limiter, "a", kStart) == 20);
  CHECK(count_passing(limiter, "a", kStart + 99ms) == 0);
  CHECK(count_passing(limiter, "a", kStart + 100ms) == 1);
  CHECK(count_passing(limiter, "a", kStart + 1'100ms) == 10);
  CHECK(count_passing(limiter, "a", kStart + 1h) == 20);
}

TEST_CASE("rate limiter: says how long to wait, and asking too early makes it no longer") {
  RateLimiter limiter({.per_second = 4, .burst = 1});
  REQUIRE(limiter.take("a", kStart) == 0s);

  CHECK(limiter.take("a", kStart) == 250ms);
  CHECK(limiter.take("a", kStart + 100ms) == 150ms);
  CHECK(limiter.take("a", kStart + 250ms) == 0s);
}

TEST_CASE("rate limiter: callers have nothing to do with each other") {
  RateLimiter limiter({.per_second = 1, .burst = 3});

  CHECK(count_passing(limiter, "a", kStart) == 3);
  CHECK(count_passing(limiter, "b", kStart) == 3);
}

TEST_CASE("rate limiter: without a rate everything passes and nobody is remembered") {
  RateLimiter limiter({});

  CHECK(count_passing(limiter, "a", kStart) == 1'000);
  CHECK(limiter.size() == 0);
}

TEST_CASE("rate limiter: no more callers than it may are remembered, and of those the ones that ask") {
  RateLimiter limiter({.per_second = 1, .burst = 2}, 100);
  REQUIRE(count_passing(limiter, "busy", kStart) == 2);

  for (int i = 0; i < 10'000; ++i) {
    limiter.take("caller " + std::to_string(i), kStart);
    REQUIRE(limiter.take("busy", kStart) > 0s);
  }

  CHECK(limiter.size() == 100);
}
