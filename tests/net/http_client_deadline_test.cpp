// Limits of time and cancellation.
#include "http_client_fixture.hpp"

#include "codehelper/net/with_deadline.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

using std::chrono::milliseconds;
using test::HttpClientFixture;
using test::ScriptedPeer;
using test::ScriptedServer;
using Clock = std::chrono::steady_clock;

/// Reads a request, sends `start` and nothing more, and notes when the client has closed.
ScriptedServer::Script stall_after(std::string start, bool& closed) {
  return [start = std::move(start), &closed](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write(start);
    co_await peer.wait_for_close();
    closed = true;
  };
}

/// Gives the peer's coroutine its turn.
void run_until(EventLoop& loop, const bool& condition) {
  auto wait = [](const bool& wanted) -> Task<void> {
    for (int i = 0; i < 1000 && !wanted; ++i) co_await sleep_for(milliseconds(1));
  };
  run_until_done(loop, wait(condition));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: gives up on a peer that stalls, closes, and does not ask again") {
  const auto* start = GENERATE("", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
  bool closed = false;
  ScriptedServer server(loop, stall_after(start, closed));
  const auto client = make_client(server.url());

  const auto answer = call(*client, {.limit = milliseconds(50)});
  run_until(loop, closed);

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  CHECK(answer.error().message.contains("127.0.0.1:" + std::to_string(server.port())));
  CHECK(answer.error().message.contains("50 ms"));
  CHECK(closed);
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a peer that drips bytes does not stretch the limit") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write("HTTP/1.1 200 OK\r\nX: ");
    for (int i = 0; i < 1000; ++i) {
      co_await peer.write("x");
      co_await sleep_for(milliseconds(5));
    }
  });
  const auto client = make_client(server.url());
  const auto begin = Clock::now();

  const auto answer = call(*client, {.limit = milliseconds(100)});

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  CHECK(Clock::now() - begin < milliseconds(2000));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a peer that reads nothing does not stretch the limit") {
  ScriptedServer server(loop, [](ScriptedPeer&, int) -> Task<void> { co_await sleep_for(std::chrono::minutes(1)); });
  const auto client = make_client(server.url());

  const auto answer = call(
      *client, {.method = "POST", .body = std::string(std::size_t{32} * 1024 * 1024, 'x'), .limit = milliseconds(100)});

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: the context's deadline counts when it is nearer") {
  bool closed = false;
  ScriptedServer server(loop, stall_after("", closed));
  const auto client = make_client(server.url());
  context.deadline = Deadline::after(milliseconds(50));

  const auto answer = call(*client, {.limit = std::chrono::minutes(1)});

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a call whose time is over is not begun") {
  bool closed = false;
  ScriptedServer server(loop, stall_after("", closed));
  const auto client = make_client(server.url());
  context.deadline = Deadline::after(milliseconds(0));

  const auto answer = get(*client);

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  CHECK(server.connections() == 0);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: the longest limit there is does not overflow") {
  ScriptedServer server(loop, always_answer(std::string(test::kOk)));
  const auto client = make_client(server.url(), {.connect_limit = milliseconds::max()});

  const auto answer = call(*client, {.limit = milliseconds::max()});

  CHECK(answer);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: tries and pauses stay within the limit") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) -> Task<void> { co_await peer.read_request(); });
  const auto client = make_client(server.url());

  const auto answer = call(*client, {.limit = milliseconds(50)});  // the first pause alone is longer

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: connecting has a limit of its own") {
  // A listener whose queue is full drops further connections, as a host that is off the network does.
  boost::asio::ip::tcp::acceptor full(loop.context(), {boost::asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  std::vector<boost::asio::ip::tcp::socket> fillers;
  for (int i = 0; i < 4; ++i) {
    auto& filler = fillers.emplace_back(loop.context(), boost::asio::ip::tcp::v4());
    filler.async_connect(full.local_endpoint(), [](boost::system::error_code) {});
  }
  const auto port = std::to_string(full.local_endpoint().port());
  const auto client = make_client("http://127.0.0.1:" + port, {.connect_limit = milliseconds(60)});

  const auto answer = get(*client);

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  CHECK(answer.error().message.contains("127.0.0.1:" + port));
  CHECK(answer.error().message.contains("ms"));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: cancellation closes the connection at once") {
  const auto* start = GENERATE("", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
  bool closed = false;
  boost::asio::cancellation_signal cancel;
  ScriptedServer server(loop, [&](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write(start);
    boost::asio::post(loop.executor(), [&] { cancel.emit(boost::asio::cancellation_type::terminal); });
    co_await peer.wait_for_close();
    closed = true;
    loop.stop();
  });
  const auto client = make_client(server.url());
  std::optional<Result<HttpAnswer>> answer;
  auto on_end = [&](const std::exception_ptr&, Result<HttpAnswer> result) { answer = std::move(result); };
  boost::asio::co_spawn(loop.executor(), client->call(context, {}),
                        boost::asio::bind_cancellation_slot(cancel.slot(), on_end));

  loop.run();

  CHECK(closed);
  REQUIRE(answer);
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::cancelled);
  CHECK(server.connections() == 1);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: cancellation during a pause ends the call") {
  boost::asio::cancellation_signal cancel;
  ScriptedServer server(loop, [&](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    peer.reset();
    co_await sleep_for(milliseconds(20));
    cancel.emit(boost::asio::cancellation_type::terminal);
  });
  const auto client = make_client(server.url());
  std::optional<Result<HttpAnswer>> answer;
  auto on_end = [&](const std::exception_ptr&, Result<HttpAnswer> result) {
    answer = std::move(result);
    loop.stop();
  };
  boost::asio::co_spawn(loop.executor(), client->call(context, {}),
                        boost::asio::bind_cancellation_slot(cancel.slot(), on_end));

  loop.run();

  REQUIRE(answer);
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::cancelled);
  CHECK(server.connections() == 1);
}

}  // namespace
}  // namespace codehelper
