#include "execute/run_slots.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <optional>
#include <string>
#include <vector>

#include "codehelper/net/event_loop.hpp"

namespace asio = boost::asio;
using namespace codehelper;

namespace {

struct Fixture {
  // Takes a slot when it is its turn, and holds it until release().
  void acquire(std::size_t number) {
    asio::co_spawn(loop.executor(), hold(*this, number),
                   asio::bind_cancellation_slot(cancellations.at(number).slot(), asio::detached));
    settle();
  }
  // What is waiting stays waiting: run() would wait with it.
  void settle() {
    loop.context().restart();
    loop.context().poll();
  }
  void release(std::size_t number) {
    held.at(number).reset();
    settle();
  }

  static Task<void> hold(Fixture& self, std::size_t number) {
    auto slot = co_await self.slots.acquire();
    self.events.push_back(std::to_string(number) + " " + (slot ? "runs" : std::string(to_string(slot.error().code))));
    if (slot) self.held.at(number).emplace(std::move(*slot));
  }

  EventLoop loop;
  RunSlots slots{loop.executor(), 2, 2};
  std::vector<asio::cancellation_signal> cancellations{6};
  std::vector<std::optional<RunSlots::Slot>> held = std::vector<std::optional<RunSlots::Slot>>(6);
  std::vector<std::string> events;
};

}  // namespace

TEST_CASE("run slots: further ones wait in order, and more are refused") {
  Fixture fixture;

  for (const unsigned number : {0U, 1U, 2U, 3U, 4U}) fixture.acquire(number);
  CHECK(fixture.events == std::vector<std::string>{"0 runs", "1 runs", "4 overloaded"});

  fixture.release(1);
  fixture.release(0);
  CHECK(fixture.events == std::vector<std::string>{"0 runs", "1 runs", "4 overloaded", "2 runs", "3 runs"});

  fixture.release(2);
  fixture.release(3);
  fixture.acquire(5);
  CHECK(fixture.events.back() == "5 runs");
}

TEST_CASE("run slots: one that is cancelled leaves the queue") {
  Fixture fixture;
  for (const unsigned number : {0U, 1U, 2U, 3U}) fixture.acquire(number);

  fixture.cancellations[2].emit(asio::cancellation_type::terminal);
  fixture.settle();
  fixture.release(0);

  CHECK(fixture.events == std::vector<std::string>{"0 runs", "1 runs", "2 cancelled", "3 runs"});
}
