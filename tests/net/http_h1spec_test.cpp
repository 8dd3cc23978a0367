// The cases of h1spec (github.com/uNetworking/h1spec, 33 of them), a suite that other servers publish their results of:
// what each sends, and the answers it takes for right. "Waiting" is no answer for as long as a head may take.
#include <catch2/catch.hpp>

#include "codehelper/net/http_server.hpp"
#include "support/raw_http.hpp"
#include "support/server_thread.hpp"

using namespace codehelper;
using namespace codehelper::test;
using namespace std::chrono_literals;

namespace {

constexpr int kWaiting = 408;  // our answer when the waiting is over

struct Case {
  std::string name;
  std::string bytes;
  int status;
  std::string body = {};
};

Task<Result<HttpReply>> echo(RequestContext, HttpRequest request) {
  HttpReply reply;
  reply.body = std::move(request.body);
  co_return reply;
}

Router make_router() {
  Router router;
  for (const auto* method : {"GET", "POST"}) {
    router.add({.method = method, .path = "/", .handler = echo});
    router.add({.method = method, .path = "/hello", .handler = echo});
  }
  return router;
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: example.com\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nHost: example.com\r\n";
const std::string kWorld = "c\r\nHellO world1\r\n0\r\n\r\n";

std::vector<Case> make_cases() {
  std::vector<Case> cases = {
      {"Request without HTTP version", "GET / \r\n\r\n", 400},
      {"Request with Expect header", kGet + "Expect: 100-continue\r\n\r\n", 200},
      {"Valid GET request", kGet + "\r\n", 200},
      {"Valid GET request with edge cases", "GET / HTTP/1.1\r\nhoSt:\texample.com\r\nempty:\r\n\r\n", 200},
      {"Invalid header characters", kGet + "X-Invalid[]: test\r\n\r\n", 400},
      {"Missing Host header", "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", 400},
      {"Multiple Host headers", kGet + "Host: example.org\r\n\r\n", 400},
      {"Overflowing negative Content-Length", kGet + "Content-Length: -123456789123456789123456789\r\n\r\n", 400},
      {"Negative Content-Length header", kGet + "Content-Length: -1234\r\n\r\n", 400},
      {"Non-numeric Content-Length header", kGet + "Content-Length: abc\r\n\r\n", 400},
      {"Empty header value", kGet + "X-Empty-Header: \r\n\r\n", 200},
      {"Header containing invalid control character", kGet + "X-Bad-Control-Char: test\x07\r\n\r\n", 400},
      {"Invalid HTTP version", "GET / HTTP/9.9\r\nHost: example.com\r\n\r\n", 400},
      {"Invalid prefix of request", "Extra line" + kGet + "\r\n", 400},
      {"Invalid line ending", kGet + "\rSome-Header: Test\r\n\r\n", 400},
      {"Valid POST request with body", kPost + "Content-Length: 5\r\n\r\nhello", 200, "hello"},
      {"Chunked Transfer-Encoding", kPost + "Transfer-Encoding: chunked\r\n\r\n" + kWorld, 200, "HellO world1"},
      {"Conflicting Transfer-Encoding and Content-Length in varying case",
       kPost + "content-LengtH: 5\r\nTransFer-Encoding: chunked\r\n\r\n" + kWorld, 400},
  };
  const std::string whole = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const std::string_view end : {"G", "GET ", "GET /hello", "GET /hello ", "GET /hello HTTP", "GET /hello HTTP/1.1",
                                     "GET /hello HTTP/1.1\r", "GET /hello HTTP/1.1\r\n", "GET /hello HTTP/1.1\r\nHos",
                                     "GET /hello HTTP/1.1\r\nHost:", "GET /hello HTTP/1.1\r\nHost: "}) {
    cases.push_back({"Fragmented after " + std::string(end), std::string(end), kWaiting});
  }
  for (std::size_t missing = 4; missing > 0; --missing) {
    const std::string end = whole.substr(0, whole.size() - missing);
    cases.push_back({"Fragmented after " + end, end, kWaiting});
  }
  return cases;
}

}  // namespace

TEST_CASE("h1spec: all of its 33 cases are answered as it wants") {
  ServerThread server(make_router(), {.header_limit = 50ms});
  const std::vector<Case> cases = make_cases();
  REQUIRE(cases.size() == 33);

  for (const Case& one : cases) {
    CAPTURE(one.name);
    RawConnection client(server.port());
    client.send(one.bytes);
    const RawResponse response = client.read_response();
    CHECK(response.status == one.status);
    if (one.status == 200) CHECK(response.body == one.body);
  }
}
