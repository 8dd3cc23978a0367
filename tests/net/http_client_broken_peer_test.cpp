// Peers that lie, break off, or answer too early.
#include "http_client_fixture.hpp"

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

using test::HttpClientFixture;
using test::ScriptedPeer;
using test::ScriptedServer;

constexpr std::size_t kMoreThanSocketBuffers = std::size_t{32} * 1024 * 1024;

TEST_CASE_METHOD(HttpClientFixture, "http client: says what is wrong with an answer") {
  const auto [bytes, complaint] = GENERATE(table<std::string, std::string>({
      {"SSH-2.0-OpenSSH_9.2\r\n", "did not answer with HTTP"},
      {"garbage\r\n\r\n", "did not answer with HTTP"},
      {"HTTP/1.1 abc OK\r\n\r\n", "did not answer with HTTP"},
      {"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "did not answer with HTTP"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", "answered with broken HTTP"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "within the body"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "within the body"},
      {"HTTP/1.1 200 OK\r\nContent-Le", "within the head"},
      {"HTTP/1.1 100 Continue\r\n\r\n", "within the head"},
      {"", "without an answer"},
  }));
  ScriptedServer server(loop, answer_and_close(bytes));
  const auto client = make_client(server.url());

  const auto answer = post(*client, "{}");

  REQUIRE_FALSE(answer);
  const bool is_nonsense = complaint.contains("HTTP");
  CHECK(answer.error().code == (is_nonsense ? ErrorCode::bad_answer : ErrorCode::unavailable));
  CHECK(answer.error().message.contains("127.0.0.1:" + std::to_string(server.port())));
  CHECK(answer.error().message.contains(complaint));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: broken HTTP is not asked for again") {
  ScriptedServer server(loop, answer_and_close("garbage\r\n\r\n"));
  const auto client = make_client(server.url());

  const auto answer = get(*client);

  REQUIRE_FALSE(answer);
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a head without end is too large") {
  ScriptedServer server(loop, answer_and_close("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x')));
  const auto client = make_client(server.url());

  const auto answer = get(*client);

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::too_large);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a page of a proxy is an answer like any other") {
  const std::string page = "<html><body>502 Bad Gateway</body></html>";
  ScriptedServer server(loop, answer_and_close("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n" + page));
  const auto client = make_client(server.url());

  const auto answer = post(*client, "{}");

  REQUIRE(answer);
  CHECK(answer->status == 502);
  CHECK(answer->body == page);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: reads an early 413 of a peer that stops reading") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int connection) -> Task<void> {
    if (connection > 1) co_return co_await peer.write(std::string(test::kOk));
    co_await peer.read_through("\r\n\r\n");
    co_await peer.write("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 17\r\n\r\nPayload too large");
    co_await sleep_for(std::chrono::minutes(1));
  });
  const auto client = make_client(server.url());

  const auto early = post(*client, std::string(kMoreThanSocketBuffers, 'x'));
  const auto next = get(*client);

  REQUIRE(early);
  CHECK(early->status == 413);
  CHECK(early->body == "Payload too large");
  REQUIRE(next);
  CHECK(next->status == 200);
  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: reads an early 413 of a peer that closes on the unread body") {
  const auto* answer = GENERATE("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 17\r\n\r\nPayload too large",
                                "HTTP/1.1 413 Payload Too Large\r\n\r\nPayload too large");
  ScriptedServer server(loop, [answer](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_through("\r\n\r\n");
    co_await peer.write(answer);
  });
  const auto client = make_client(server.url());

  const auto early = post(*client, std::string(kMoreThanSocketBuffers, 'x'));

  REQUIRE(early);
  CHECK(early->status == 413);
  CHECK(early->body == "Payload too large");
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a peer that answers while it still reads gets the whole request") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) -> Task<void> {
    std::string begun = co_await peer.read_through("\r\n\r\n");
    co_await peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n");
    co_await peer.read_through("END");
    co_await peer.write("4\r\ndone\r\n0\r\n\r\n");
  });
  const auto client = make_client(server.url());

  const auto answer = post(*client, std::string(kMoreThanSocketBuffers, 'x') + "END");

  REQUIRE(answer);
  CHECK(answer->body == "begindone");
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a peer that closes while the request is sent is not asked again") {
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_through("\r\n\r\n");
    peer.reset();
  });
  const auto client = make_client(server.url());

  const auto answer = post(*client, std::string(kMoreThanSocketBuffers, 'x'));

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::unavailable);
  CHECK(server.connections() == 1);
}

}  // namespace
}  // namespace codehelper
