// Which connections are used again, and which calls are sent again.
#include "http_client_fixture.hpp"

#include <boost/asio/detached.hpp>

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

using test::HttpClientFixture;
using test::kOk;
using test::ScriptedPeer;
using test::ScriptedServer;

/// Answers the first request of each connection and reads a second one, then resets.
Task<void> answer_once_then_reset(ScriptedPeer& peer, int) {
  co_await peer.read_request();
  co_await peer.write(std::string(kOk));
  co_await peer.read_request();
  peer.reset();
}

/// Refuses for a while, then answers one request.
Task<void> listen_late(boost::asio::ip::tcp::acceptor& acceptor, std::vector<std::string>& requests) {
  co_await sleep_for(std::chrono::milliseconds(20));
  acceptor.listen();
  auto socket = co_await acceptor.async_accept(boost::asio::use_awaitable);
  ScriptedPeer peer(std::move(socket), nullptr, requests);
  co_await peer.read_request();
  co_await peer.write(std::string(kOk));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: uses a connection again") {
  ScriptedServer server(loop, always_answer(std::string(kOk)));
  const auto client = make_client(server.url());

  for (int i = 0; i < 5; ++i) REQUIRE(post(*client, "{}"));

  CHECK(server.connections() == 1);
  CHECK(server.requests().size() == 5);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: keeps no idle connection when told so") {
  ScriptedServer server(loop, always_answer(std::string(kOk)));
  const auto client = make_client(server.url(), {.max_idle_connections = 0});

  REQUIRE(get(*client));
  REQUIRE(get(*client));

  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: does not use a connection again that the answer ends") {
  const auto* answer = GENERATE("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
                                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
                                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
  ScriptedServer server(loop, always_answer(answer));
  const auto client = make_client(server.url());

  REQUIRE(get(*client));
  REQUIRE(get(*client));

  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a POST does not go to a connection that the server has closed") {
  ScriptedServer server(loop, answer_and_close(std::string(kOk)));
  const auto client = make_client(server.url());
  REQUIRE(get(*client));

  const auto answer = post(*client, "{}");

  REQUIRE(answer);
  CHECK(server.connections() == 2);
  CHECK(server.requests().size() == 2);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a late 408 on an idle connection is no answer to the next call") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int connection) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write(std::string(kOk));
    if (connection == 1) co_await peer.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    co_await peer.wait_for_close();
  });
  const auto client = make_client(server.url());
  REQUIRE(get(*client));

  const auto answer = post(*client, "{}");

  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a GET that breaks a pooled connection is sent again on a fresh one") {
  ScriptedServer server(loop, answer_once_then_reset);
  const auto client = make_client(server.url());
  REQUIRE(get(*client));

  const auto answer = get(*client);

  REQUIRE(answer);
  CHECK(server.connections() == 2);
  CHECK(server.requests().size() == 3);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a POST that the server may have seen is not sent again") {
  ScriptedServer server(loop, answer_once_then_reset);
  const auto client = make_client(server.url());
  REQUIRE(get(*client));

  const auto answer = post(*client, "{}");

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::unavailable);
  CHECK(server.requests().size() == 2);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a POST that is safe to repeat is sent again") {
  ScriptedServer server(loop, answer_once_then_reset);
  const auto client = make_client(server.url());
  REQUIRE(get(*client));

  const auto answer = call(*client, {.method = "POST", .body = "{}", .safe_to_repeat = true});

  REQUIRE(answer);
  CHECK(server.requests().size() == 3);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a GET without an answer is tried three times, a POST once") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) -> Task<void> { co_await peer.read_request(); });
  const auto client = make_client(server.url());

  const auto got = get(*client);
  const auto requests_of_get = server.requests().size();
  const auto posted = post(*client, "{}");

  REQUIRE_FALSE(got);
  CHECK(got.error().code == ErrorCode::unavailable);
  CHECK(got.error().message.contains("closed the connection without an answer"));
  CHECK(requests_of_get == 3);
  REQUIRE_FALSE(posted);
  CHECK(server.requests().size() == 4);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a server that fails twice answers the third try") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int connection) -> Task<void> {
    co_await peer.read_request();
    if (connection == 3) co_await peer.write(std::string(kOk));
  });
  const auto client = make_client(server.url());

  const auto answer = get(*client);

  REQUIRE(answer);
  CHECK(server.connections() == 3);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a refused POST is tried again, since nothing was sent") {
  boost::asio::ip::tcp::acceptor late(loop.context());
  late.open(boost::asio::ip::tcp::v4());
  late.bind({boost::asio::ip::address_v4::loopback(), 0});
  std::vector<std::string> requests;
  boost::asio::co_spawn(loop.executor(), listen_late(late, requests), boost::asio::detached);
  const auto client = make_client("http://127.0.0.1:" + std::to_string(late.local_endpoint().port()));

  const auto answer = post(*client, "{}");

  REQUIRE(answer);
  CHECK(requests.size() == 1);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a server that stays down is named, with the reason") {
  unsigned short port = 0;
  {
    const ScriptedServer closed_at_once(loop, always_answer(""));
    port = closed_at_once.port();
  }
  const auto client = make_client("http://127.0.0.1:" + std::to_string(port), {.token = "sesame"});

  const auto answer = get(*client);

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::unavailable);
  CHECK(answer.error().message.contains("127.0.0.1:" + std::to_string(port)));
  CHECK(answer.error().message.contains("Connection refused"));
  CHECK_FALSE(answer.error().message.contains("sesame"));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: an unknown host is named") {
  const auto client = make_client("http://no-such-host.invalid");

  const auto answer = call(*client, {.limit = std::chrono::seconds(60)});

  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.contains("no-such-host.invalid"));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: can be destroyed with idle connections, and before its calls end") {
  ScriptedServer server(loop, always_answer(std::string(kOk)));
  auto client = make_client(server.url());
  REQUIRE(get(*client));
  auto running = client->call(context, {});

  client.reset();
  const auto answer = run_until_done(loop, std::move(running));

  REQUIRE(answer);
  CHECK(answer->body == "ok");
}

TEST_CASE("http client: the loop can be destroyed with a call in flight") {
  auto loop = std::make_unique<EventLoop>(1);
  bool has_ended = false;
  ScriptedServer::Script stop_at_request = [&](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    loop->stop();
  };
  auto server = std::make_unique<ScriptedServer>(*loop, stop_at_request);
  auto client = std::move(*HttpClient::make(*loop, {.base_url = server->url()}));
  boost::asio::co_spawn(loop->executor(), client->call(RequestContext{}, {}),
                        [&](const std::exception_ptr&, const Result<HttpAnswer>&) { has_ended = true; });

  loop->run();
  server.reset();
  client.reset();
  loop.reset();

  CHECK_FALSE(has_ended);
}

}  // namespace
}  // namespace codehelper
