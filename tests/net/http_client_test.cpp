#include "codehelper/net/http_client.hpp"

#include "http_client_fixture.hpp"

#include "codehelper/base/version.hpp"

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

using test::HttpClientFixture;
using test::kOk;
using test::ScriptedServer;

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

TEST_CASE_METHOD(HttpClientFixture, "http client: sends a whole request and gives the whole answer") {
  ScriptedServer server(loop,
                        always_answer("HTTP/1.1 201 Created\r\nX-Thing: a\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
  const auto client = make_client(server.url() + "/v1", {.token = "sesame"});

  const auto answer = call(*client, {.method = "POST", .target = "/chat?x=%20", .body = "{\"q\":1}"});

  REQUIRE(answer);
  CHECK(answer->status == 201);
  CHECK(answer->headers.find("x-thing") == "a");
  CHECK(answer->body == "{\"a\":1}");
  const auto& request = server.requests().at(0);
  CHECK(
      request.starts_with("POST /v1/chat?x=%20 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  CHECK(request.ends_with("\r\n\r\n{\"q\":1}"));
  CHECK(request.contains("\r\nUser-Agent: codehelper/" + std::string(version()) + "\r\n"));
  CHECK(request.contains("\r\nAccept: */*\r\n"));
  CHECK(request.contains("\r\nAuthorization: Bearer sesame\r\n"));
  CHECK(request.contains("\r\nX-Request-Id: test-request-1\r\n"));
  CHECK(request.contains("\r\nContent-Type: application/json\r\n"));
  CHECK(request.contains("\r\nContent-Length: 7\r\n"));
  CHECK_FALSE(request.contains("Accept-Encoding"));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a GET has neither body nor length nor token") {
  ScriptedServer server(loop, always_answer(std::string(kOk)));
  const auto client = make_client(server.url() + "/");

  const auto answer = call(*client, {.target = ""});

  REQUIRE(answer);
  const auto& request = server.requests().at(0);
  CHECK(request.starts_with("GET / HTTP/1.1\r\n"));
  CHECK_FALSE(request.contains("Content-"));
  CHECK_FALSE(request.contains("Authorization"));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: a POST without a body says so") {
  ScriptedServer server(loop, always_answer(std::string(kOk)));
  const auto client = make_client(server.url());

  const auto answer = post(*client, "");

  REQUIRE(answer);
  CHECK(server.requests().at(0).contains("\r\nContent-Length: 0\r\n"));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: tells the server what is left of the nearer limit") {
  ScriptedServer server(loop, always_answer(std::string(kOk)));
  const auto client = make_client(server.url());
  context.deadline = Deadline::after(std::chrono::seconds(20));

  const auto answer = call(*client, {.limit = std::chrono::seconds(40)});

  REQUIRE(answer);
  const auto& request = server.requests().at(0);
  const auto at = request.find("\r\nX-Timeout-Ms: ");
  REQUIRE(at != std::string::npos);
  const auto left = std::stol(request.substr(at + 16));
  CHECK(left > 10'000);
  CHECK(left <= 20'000);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: headers of the call replace the defaults, not the context's") {
  ScriptedServer server(loop, always_answer(std::string(kOk)));
  const auto client = make_client(server.url(), {.token = "sesame"});
  HttpCall call{.method = "POST", .body = "a=b"};
  call.headers.add("accept", "text/event-stream");
  call.headers.add("Content-Type", "application/x-www-form-urlencoded");
  call.headers.add("authorization", "Basic x");
  call.headers.add("X-Request-Id", "forged");

  const auto answer = this->call(*client, std::move(call));

  REQUIRE(answer);
  const auto lower = [](std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
  }(server.requests().at(0));
  CHECK(count(lower, "\r\naccept: ") == 1);
  CHECK(count(lower, "\r\ncontent-type: application/x-www-form-urlencoded") == 1);
  CHECK(count(lower, "\r\ncontent-type: ") == 1);
  CHECK(count(lower, "\r\nauthorization: ") == 1);
  CHECK(count(lower, "\r\nx-request-id: test-request-1\r\n") == 1);
  CHECK(count(lower, "\r\nx-request-id: ") == 1);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: refuses a call that would break the request, and sends nothing") {
  ScriptedServer server(loop, always_answer(std::string(kOk)));
  const auto client = make_client(server.url());
  HttpCall call;
  SECTION("target with a blank") {
    call.target = "/a b";
  }
  SECTION("target with a line end") {
    call.target = "/a\r\nX: y";
  }
  SECTION("target without a slash") {
    call.target = "@evil.example/";
  }
  SECTION("method with a line end") {
    call.method = "GET\r\n";
  }
  SECTION("empty method") {
    call.method = "";
  }
  SECTION("header value with a line end") {
    call.headers.add("X", "a\r\nsecret: b");
  }
  SECTION("header name with a colon") {
    call.headers.add("X: y", "a");
  }
  SECTION("a second framing") {
    call.headers.add("transfer-encoding", "chunked");
  }
  SECTION("a second length") {
    call.headers.add("Content-Length", "0");
  }

  const auto answer = this->call(*client, std::move(call));

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::invalid_input);
  CHECK_FALSE(answer.error().message.contains("secret"));
  CHECK(server.connections() == 0);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: refuses a bad URL, CA file and token") {
  const auto no_url = HttpClient::make(loop, {.base_url = "runner:8080"});
  const auto no_file =
      HttpClient::make(loop, {.base_url = "https://runner", .tls = {.ca_file = "/nonexistent/ca.pem"}});
  const auto bad_token = HttpClient::make(loop, {.base_url = "http://runner", .token = "secret\n"});

  REQUIRE_FALSE(no_url);
  CHECK(no_url.error().code == ErrorCode::invalid_input);
  REQUIRE_FALSE(no_file);
  CHECK(no_file.error().code == ErrorCode::invalid_input);
  CHECK(no_file.error().message.contains("/nonexistent/ca.pem"));
  REQUIRE_FALSE(bad_token);
  CHECK(bad_token.error().code == ErrorCode::invalid_input);
  CHECK_FALSE(bad_token.error().message.contains("secret"));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: any status is an answer, redirects are not followed") {
  const auto [status, head] = GENERATE(table<int, std::string>({
      {204, "HTTP/1.1 204 No Content\r\n\r\n"},
      {304, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"},
      {307, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"},
      {404, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
      {503, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"},
  }));
  ScriptedServer server(loop, always_answer(head));
  const auto client = make_client(server.url());

  const auto first = get(*client);
  const auto second = get(*client);

  REQUIRE(first);
  CHECK(first->status == status);
  CHECK(first->body.empty());
  REQUIRE(second);
  CHECK(server.requests().size() == 2);
  CHECK(server.connections() == 1);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: an answer to HEAD has no body") {
  ScriptedServer server(loop, always_answer("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"));
  const auto client = make_client(server.url());

  const auto answer = call(*client, {.method = "HEAD"});

  REQUIRE(answer);
  CHECK(answer->headers.find("Content-Length") == "900");
  CHECK(answer->body.empty());
}

TEST_CASE_METHOD(HttpClientFixture, "http client: reads chunked, counted and open-ended bodies") {
  const auto* answer = GENERATE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
                                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\n\r\nhello",
                                "HTTP/1.0 200 OK\r\n\r\nhello");
  ScriptedServer server(loop, answer_and_close(answer));
  const auto client = make_client(server.url());

  const auto whole = get(*client);

  REQUIRE(whole);
  CHECK(whole->body == "hello");
}

TEST_CASE_METHOD(HttpClientFixture, "http client: passes over informational answers") {
  ScriptedServer server(loop, always_answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                                            std::string(kOk)));
  const auto client = make_client(server.url());

  const auto answer = get(*client);

  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "ok");
}

TEST_CASE_METHOD(HttpClientFixture, "http client: an answer over the limit is too large") {
  const auto* answer = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n0123456789a",
                                "HTTP/1.1 500 Oh\r\nContent-Length: 9000000000000000000\r\n\r\n",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n");
  ScriptedServer server(loop, answer_and_close(answer));
  const auto client = make_client(server.url());

  const auto whole = call(*client, {.answer_limit_bytes = 10});

  REQUIRE_FALSE(whole);
  CHECK(whole.error().code == ErrorCode::too_large);
  CHECK(whole.error().message.contains("127.0.0.1:" + std::to_string(server.port())));
  CHECK(server.requests().size() == 1);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: an answer of exactly the limit and one of megabytes pass") {
  ScriptedServer server(loop, [](test::ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 12000000\r\n\r\n");
    for (int i = 0; i < 12; ++i) co_await peer.write(std::string(1'000'000, 'x'));
  });
  const auto client = make_client(server.url());

  const auto answer = call(*client, {.answer_limit_bytes = 12'000'000});

  REQUIRE(answer);
  CHECK(answer->body.size() == 12'000'000);
}

TEST_CASE_METHOD(HttpClientFixture, "http client: talks to an IPv6 literal") {
  std::optional<ScriptedServer> server;
  try {
    server.emplace(loop, always_answer(std::string(kOk)), "::1");
  } catch (const boost::system::system_error&) {
    WARN("this machine has no IPv6 loopback");
    return;
  }
  const auto client = make_client("http://[::1]:" + std::to_string(server->port()));

  const auto answer = get(*client);

  REQUIRE(answer);
  CHECK(server->requests().at(0).contains("\r\nHost: [::1]:" + std::to_string(server->port()) + "\r\n"));
}

TEST_CASE_METHOD(HttpClientFixture, "http client: tries every address of a name") {
  ScriptedServer server(loop, always_answer(std::string(kOk)));  // only on 127.0.0.1; the name may give ::1 first
  const auto client = make_client("http://localhost:" + std::to_string(server.port()));

  const auto answer = get(*client);

  REQUIRE(answer);
  CHECK(answer->body == "ok");
}

}  // namespace
}  // namespace codehelper
