#include "codehelper/net/event_loop.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <thread>

#include "codehelper/net/task_group.hpp"
#include "codehelper/net/with_deadline.hpp"

using namespace codehelper;
using namespace std::chrono_literals;

namespace {

constexpr auto kLong = 60'000ms;

Task<std::string> sleep_and_tell(std::chrono::milliseconds duration, std::string& told) {
  const auto slept = co_await sleep_for(duration);
  told = slept ? "slept" : std::string(to_string(slept.error().code));
  co_return told;
}

Task<void> note_end(std::chrono::milliseconds duration, std::string& told) {
  co_await sleep_and_tell(duration, told);
}

Task<Result<int>> sleep_then(std::chrono::milliseconds duration, Result<int> result) {
  const auto slept = co_await sleep_for(duration);
  if (!slept) co_return std::unexpected(slept.error());
  co_return result;
}

Task<Result<int>> throw_now() {
  throw std::runtime_error("broken");
  co_return 1;
}

/// Ends only some turns after it is cancelled, as clean-up that awaits does.
Task<Result<int>> clean_up_slowly(bool& is_clean) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await sleep_for(kLong);
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await sleep_for(20ms);
  is_clean = true;
  co_return 7;
}

Task<void> throw_in_group() {
  throw std::runtime_error("child broke");
  co_return;
}

}  // namespace

TEST_CASE("event loop: blocking work runs on another thread and its result comes back to the loop") {
  EventLoop loop(1);
  std::thread::id worker;
  const auto outside = std::this_thread::get_id();
  auto task = [](EventLoop& inner, std::thread::id& ran_on, std::thread::id& resumed_on) -> Task<int> {
    auto work = [&ran_on] {
      ran_on = std::this_thread::get_id();
      return 42;
    };
    const int result = co_await inner.run_blocking(work);
    resumed_on = std::this_thread::get_id();
    co_return result;
  };
  std::thread::id resumed;

  const int result = run_until_done(loop, task(loop, worker, resumed));

  CHECK(result == 42);
  CHECK(worker != outside);
  CHECK(resumed == outside);
}

TEST_CASE("event loop: an exception of blocking work comes out of the await") {
  EventLoop loop(1);
  auto work = []() -> int { throw std::runtime_error("disk on fire"); };

  CHECK_THROWS_WITH(run_until_done(loop, loop.run_blocking(work)), "disk on fire");
}

TEST_CASE("event loop: blocking work that was begun is awaited although its caller is cancelled") {
  EventLoop loop(1);
  std::atomic<bool> is_done = false;
  auto work = [&is_done] {
    std::this_thread::sleep_for(50ms);
    is_done = true;
    return Result<int>(1);
  };

  const auto result = run_until_done(loop, with_deadline(Deadline::after(5ms), "the work", loop.run_blocking(work)));

  CHECK(is_done);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::timeout);
}

TEST_CASE("sleep_for: sleeps its time, however long that is") {
  EventLoop loop(1);
  std::string told;
  const auto start = std::chrono::steady_clock::now();

  CHECK(run_until_done(loop, sleep_and_tell(20ms, told)) == "slept");

  CHECK(std::chrono::steady_clock::now() - start >= 20ms);
  auto endless = [](std::chrono::milliseconds duration) -> Task<Result<int>> {
    co_return co_await sleep_then(duration, 1);
  };
  const auto result =
      run_until_done(loop, with_deadline(Deadline::after(5ms), "sleeping", endless(std::chrono::milliseconds::max())));
  CHECK(result.error().code == ErrorCode::timeout);
}

TEST_CASE("task group: cancel_all ends every child and join waits for them") {
  EventLoop loop(1);
  TaskGroup group(loop, Log::none());
  std::string one;
  std::string other;
  auto body = [](TaskGroup& children, std::string& first, std::string& second) -> Task<std::size_t> {
    children.spawn("one", note_end(kLong, first));
    children.spawn("other", note_end(kLong, second));
    co_await sleep_for(1ms);
    const std::size_t running = children.size();
    children.cancel_all();
    co_await children.join();
    co_return running;
  };

  const std::size_t running = run_until_done(loop, body(group, one, other));

  CHECK(running == 2);
  CHECK(group.size() == 0);
  CHECK(one == "cancelled");
  CHECK(other == "cancelled");
}

TEST_CASE("task group: an exception is logged and the other children go on") {
  EventLoop loop(1);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  TaskGroup group(loop, Log(ends[1], LogLevel::info));
  std::string other;
  auto body = [](TaskGroup& children, std::string& told) -> Task<void> {
    children.spawn("breaks", throw_in_group());
    children.spawn("other", note_end(5ms, told));
    co_await children.join();
  };

  run_until_done(loop, body(group, other));
  char bytes[1024];
  const ssize_t size = ::read(ends[0], bytes, sizeof bytes);
  ::close(ends[0]);
  ::close(ends[1]);

  const std::string line(bytes, static_cast<std::size_t>(size));
  CHECK(other == "slept");
  CHECK(line.find(R"("event":"task_failed")") != std::string::npos);
  CHECK(line.find(R"("task":"breaks","cause":"child broke")") != std::string::npos);
}

TEST_CASE("with_deadline: a result in time is passed on, an error at once") {
  EventLoop loop(1);
  const auto start = std::chrono::steady_clock::now();

  const auto value = run_until_done(loop, with_deadline(Deadline::after(kLong), "x", sleep_then(1ms, 5)));
  const auto error = run_until_done(
      loop, with_deadline(Deadline::after(kLong), "x", sleep_then(1ms, fail(ErrorCode::not_found, "no"))));
  const auto unlimited = run_until_done(loop, with_deadline(Deadline::never(), "x", sleep_then(1ms, 6)));

  CHECK(value == 5);
  CHECK(error.error() == Error{ErrorCode::not_found, "no"});
  CHECK(unlimited == 6);
  CHECK(std::chrono::steady_clock::now() - start < kLong / 2);
}

TEST_CASE("with_deadline: an exception comes out unchanged") {
  EventLoop loop(1);

  CHECK_THROWS_WITH(run_until_done(loop, with_deadline(Deadline::after(kLong), "x", throw_now())), "broken");
}

TEST_CASE("with_deadline: what is late is cancelled and awaited before the error comes") {
  EventLoop loop(1);
  bool is_clean = false;

  const auto late = run_until_done(loop, with_deadline(Deadline::after(5ms), "cleaning up", clean_up_slowly(is_clean)));

  CHECK(is_clean);
  CHECK(late.error() == Error{ErrorCode::timeout, "cleaning up took longer than its limit"});
}

TEST_CASE("with_deadline: of two that are nested the nearer one counts") {
  EventLoop loop(1);

  auto inner_first = with_deadline(Deadline::after(5ms), "inner", sleep_then(kLong, 1));
  const auto inner = run_until_done(loop, with_deadline(Deadline::after(kLong), "outer", std::move(inner_first)));
  auto outer_first = with_deadline(Deadline::after(kLong), "inner", sleep_then(kLong, 1));
  const auto outer = run_until_done(loop, with_deadline(Deadline::after(5ms), "outer", std::move(outer_first)));

  CHECK(inner.error().message == "inner took longer than its limit");
  CHECK(outer.error().message == "outer took longer than its limit");
}
