#include "connection_pool.hpp"

#include "codehelper/net/event_loop.hpp"

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;

struct PoolFixture {
  EventLoop loop{1};
  tcp::acceptor acceptor{loop.context(), {boost::asio::ip::address_v4::loopback(), 0}};
  std::vector<tcp::socket> accepted;

  std::unique_ptr<ClientConnection> connect() {
    auto connection = std::make_unique<ClientConnection>(loop.executor(), nullptr);
    auto connecting = connection->connect({acceptor.local_endpoint()}, Deadline::after(std::chrono::seconds(10)));
    if (!run_until_done(loop, std::move(connecting))) throw std::runtime_error("no loopback");
    accepted.push_back(acceptor.accept());
    return connection;
  }
};

TEST_CASE_METHOD(PoolFixture, "connection pool: gives the youngest first and drops the oldest over its size") {
  ConnectionPool pool(2, std::chrono::hours(1));
  auto first = connect();
  auto second = connect();
  auto third = connect();
  const auto* second_address = second.get();
  const auto* third_address = third.get();

  pool.put(std::move(first));
  pool.put(std::move(second));
  pool.put(std::move(third));

  CHECK(pool.take().get() == third_address);
  CHECK(pool.take().get() == second_address);
  CHECK(pool.take() == nullptr);
}

TEST_CASE_METHOD(PoolFixture, "connection pool: drops what was idle too long") {
  ConnectionPool pool(2, milliseconds(0));

  pool.put(connect());

  CHECK(pool.take() == nullptr);
}

TEST_CASE_METHOD(PoolFixture, "connection pool: drops what the peer has closed or written to") {
  ConnectionPool pool(3, std::chrono::hours(1));
  auto quiet = connect();
  const auto* quiet_address = quiet.get();
  pool.put(std::move(quiet));
  pool.put(connect());
  pool.put(connect());

  accepted[1].close();
  accepted[2].send(boost::asio::buffer("x", 1));

  CHECK(pool.take().get() == quiet_address);
  CHECK(pool.take() == nullptr);
}

TEST_CASE_METHOD(PoolFixture, "connection pool: keeps nothing when its size is 0") {
  ConnectionPool pool(0, std::chrono::hours(1));

  pool.put(connect());

  CHECK(pool.take() == nullptr);
}

}  // namespace
}  // namespace codehelper
