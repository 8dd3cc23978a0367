#include "http_client_fixture.hpp"

#include <boost/asio/steady_timer.hpp>

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

using test::HttpClientFixture;
using test::ScriptedPeer;
using test::ScriptedServer;

struct StreamFixture : HttpClientFixture {
  std::vector<std::string> pieces;

  HttpClient::BodySink collect() {
    return [this](std::string_view piece) -> Task<Result<void>> {
      pieces.emplace_back(piece);
      co_return Result<void>{};
    };
  }
  std::string collected() const {
    std::string all;
    for (const auto& piece : pieces) all += piece;
    return all;
  }
  Result<HttpAnswer> stream(HttpClient& client, HttpCall call, HttpClient::BodySink sink) {
    return run_until_done(loop, client.stream(context, std::move(call), std::move(sink)));
  }
};

TEST_CASE_METHOD(StreamFixture, "http client stream: gives each piece as it comes") {
  const auto [head, first, second] = GENERATE(table<std::string, std::string, std::string>({
      {"Transfer-Encoding: chunked\r\n", "3\r\none\r\n", "3\r\ntwo\r\n0\r\n\r\n"},
      {"Content-Length: 6\r\n", "one", "two"},
      {"", "one", "two"},
  }));
  boost::asio::steady_timer first_was_seen(loop.context(), boost::asio::steady_timer::time_point::max());
  ScriptedServer server(loop, [&](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write("HTTP/1.1 200 OK\r\n" + head + "\r\n" + first);
    co_await first_was_seen.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_await peer.write(second);
  });
  const auto client = make_client(server.url());
  HttpClient::BodySink sink = [&](std::string_view piece) -> Task<Result<void>> {
    pieces.emplace_back(piece);
    first_was_seen.cancel();
    co_return Result<void>{};
  };

  const auto answer = stream(*client, {.method = "POST", .body = "{}"}, sink);

  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body.empty());
  CHECK(pieces == std::vector<std::string>{"one", "two"});
}

TEST_CASE_METHOD(StreamFixture, "http client stream: other answers than 2xx come whole, within the limit") {
  ScriptedServer server(loop, always_answer("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 8\r\n\r\nnot now!"));
  const auto client = make_client(server.url());

  const auto answer = stream(*client, {}, collect());
  const auto over_limit = stream(*client, {.answer_limit_bytes = 7}, collect());

  REQUIRE(answer);
  CHECK(answer->status == 429);
  CHECK(answer->body == "not now!");
  REQUIRE_FALSE(over_limit);
  CHECK(over_limit.error().code == ErrorCode::too_large);
  CHECK(pieces.empty());
}

TEST_CASE_METHOD(StreamFixture, "http client stream: has no limit of total size") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n");
    for (int i = 0; i < 9; ++i) co_await peer.write(std::string(1'000'000, 'x'));
  });
  const auto client = make_client(server.url());

  const auto answer = stream(*client, {.answer_limit_bytes = 10}, collect());

  REQUIRE(answer);
  CHECK(collected().size() == 9'000'000);
}

TEST_CASE_METHOD(StreamFixture, "http client stream: an error of the sink ends the call and closes the connection") {
  bool closed = false;
  ScriptedServer server(loop, [&](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write("HTTP/1.1 200 OK\r\n\r\nfirst");
    co_await peer.wait_for_close();
    closed = true;
    loop.stop();
  });
  const auto client = make_client(server.url());
  int calls = 0;
  HttpClient::BodySink refuse = [&](std::string_view) -> Task<Result<void>> {
    ++calls;
    co_return fail(ErrorCode::malformed, "this is no event");
  };

  const auto answer = stream(*client, {}, refuse);
  loop.run();

  REQUIRE_FALSE(answer);
  CHECK(answer.error() == Error{ErrorCode::malformed, "this is no event"});
  CHECK(calls == 1);
  CHECK(closed);
}

TEST_CASE_METHOD(StreamFixture, "http client stream: an exception of the sink comes out unchanged") {
  ScriptedServer server(loop, answer_and_close("HTTP/1.1 200 OK\r\n\r\nfirst"));
  const auto client = make_client(server.url());
  HttpClient::BodySink fault = [](std::string_view) -> Task<Result<void>> {
    throw std::logic_error("a bug in the sink");
    co_return Result<void>{};
  };

  CHECK_THROWS_WITH(stream(*client, {}, fault), "a bug in the sink");
}

TEST_CASE_METHOD(StreamFixture, "http client stream: what the sink has seen is not asked for again") {
  ScriptedServer server(loop, answer_and_close("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nfirst"));
  const auto client = make_client(server.url());

  const auto answer = stream(*client, {}, collect());

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::unavailable);
  CHECK(pieces == std::vector<std::string>{"first"});
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(StreamFixture, "http client stream: a stall within the body is under the deadline") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    co_await peer.wait_for_close();
  });
  const auto client = make_client(server.url());

  const auto answer = stream(*client, {.limit = std::chrono::milliseconds(60)}, collect());

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  CHECK(pieces == std::vector<std::string>{"first"});
}

TEST_CASE_METHOD(StreamFixture, "http client stream: the connection is used again after a whole stream") {
  ScriptedServer server(loop,
                        always_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n"));
  const auto client = make_client(server.url());

  REQUIRE(stream(*client, {}, collect()));
  REQUIRE(stream(*client, {}, collect()));

  CHECK(collected() == "firstfirst");
  CHECK(server.connections() == 1);
}

}  // namespace
}  // namespace codehelper
