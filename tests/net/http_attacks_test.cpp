// Requests made to be read in two ways, to cost more than they are worth, or to be no HTTP at all. Each is sent in one
// piece, and with a second request behind it that must not be seen where the first one is refused.
#include <atomic>
#include <catch2/catch.hpp>
#include <vector>

#include "codehelper/net/http_server.hpp"
#include "support/raw_http.hpp"
#include "support/server_thread.hpp"

using namespace codehelper;
using namespace codehelper::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBodyLimit = 1024;
const std::string kHost = "Host: localhost\r\n";
const std::string kSecond = "GET /second HTTP/1.1\r\n" + kHost + "\r\n";
const std::string kChunked = "Transfer-Encoding: chunked\r\n";

struct Counts {
  std::atomic<int> first = 0;
  std::atomic<int> second = 0;
};

Task<Result<HttpReply>> answer_counted(HttpRequest request, std::atomic<int>& count) {
  ++count;
  HttpReply reply;
  reply.body = std::move(request.body);
  co_return reply;
}

Router make_router(Counts& counts) {
  Router router;
  for (const auto* method : {"GET", "POST"}) {
    Route first{.method = method, .path = "/first", .handler = {}, .body_limit_bytes = kBodyLimit};
    first.handler = [&counts](RequestContext, HttpRequest request) {
      return answer_counted(std::move(request), counts.first);
    };
    router.add(std::move(first));
  }
  router.add({.method = "GET", .path = "/second", .handler = [&counts](RequestContext, HttpRequest request) {
                return answer_counted(std::move(request), counts.second);
              }});
  return router;
}

std::string get(const std::string& fields, const std::string& target = "/first") {
  return "GET " + target + " HTTP/1.1\r\n" + kHost + fields + "\r\n";
}
std::string post(const std::string& fields, const std::string& body = "") {
  return "POST /first HTTP/1.1\r\n" + kHost + fields + "\r\n" + body;
}
std::string in_chunks(const std::string& body) {
  return post(kChunked, body);
}

struct Attack {
  std::string name;
  std::string bytes;
  int status;
};

/// One after the other, until the peer closes: "400", or "200 200".
std::string read_statuses(RawConnection& client) {
  std::string statuses;
  for (;;) {
    const RawResponse response = client.read_response();
    if (response.status == 0) return statuses;
    statuses += (statuses.empty() ? "" : " ") + std::to_string(response.status);
  }
}

/// Sends each attack and the second request, and wants one answer, a closed connection, and no handler run.
void check_refused(const std::vector<Attack>& attacks) {
  Counts counts;
  ServerThread server(make_router(counts), {.header_limit = 100ms, .body_limit = 100ms});
  for (const Attack& attack : attacks) {
    CAPTURE(attack.name);
    RawConnection client(server.port());
    client.send(attack.bytes + kSecond);
    CHECK(read_statuses(client) == std::to_string(attack.status));
    CHECK(client.is_closed_by_peer());
    CHECK(counts.first == 0);
    CHECK(counts.second == 0);
  }
}

}  // namespace

TEST_CASE("http attacks: a body whose length can be read in two ways is refused, and what follows it is not seen") {
  check_refused({
      {"two lengths that differ", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
      {"two lengths that don't", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
      {"a list of lengths", post("Content-Length: 5, 5\r\n", "hello"), 400},
      {"a list of lengths that differ", post("Content-Length: 5, 6\r\n", "hello"), 400},
      {"a length with a sign", post("Content-Length: +5\r\n", "hello"), 400},
      {"a length in hexadecimal", post("Content-Length: 0x5\r\n", "hello"), 400},
      {"a length with a space in it", post("Content-Length: 5 5\r\n", "hello"), 400},
      {"a length with a vertical tab", post("Content-Length: \v5\r\n", "hello"), 400},
      {"a length in a second line", post("Content-Length:\r\n 5\r\n", "hello"), 400},
      {"an empty length", post("Content-Length:\r\n"), 400},
      {"a length over 64 bits", post("Content-Length: 18446744073709551616\r\n"), 400},
      {"the largest length", post("Content-Length: 18446744073709551615\r\n"), 413},
      {"a length and chunks", post("Content-Length: 5\r\n" + kChunked, "0\r\n\r\n"), 400},
      {"chunks and a length", post(kChunked + "Content-Length: 5\r\n", "0\r\n\r\n"), 400},
      {"chunked twice", post(kChunked + kChunked, "0\r\n\r\n"), 400},
      {"chunked twice in a list", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
      {"nearly chunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
      {"chunked with a parameter", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), 400},
      {"chunked in quotes", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
      {"an empty coding before", post("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n"), 400},
      {"an empty coding behind", post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"), 400},
      {"chunked, then gzip", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
      {"gzip, then chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
      {"identity and a length", post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello"), 400},
      {"an empty Transfer-Encoding", post("Transfer-Encoding:\r\nContent-Length: 5\r\n", "hello"), 400},
      {"chunked in a second line", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
      {"chunked and a NUL", post("Transfer-Encoding: chunked" + std::string(1, '\0') + "\r\n", "0\r\n\r\n"), 400},
      {"chunked behind a vertical tab", post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), 400},
      {"chunked in HTTP/1.0", "POST /first HTTP/1.0\r\n" + kChunked + "\r\n0\r\n\r\n", 400},
  });
}

TEST_CASE("http attacks: a field that another reader might take for a different one is refused") {
  const std::string nul(1, '\0');
  check_refused({
      {"a space before the colon of a length", post("Content-Length : 5\r\n", "hello"), 400},
      {"a space before the colon of a coding", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
      {"a tab before the colon", post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"), 400},
      {"a space in a name", get("A B: c\r\n"), 400},
      {"a NUL in a name", get("A" + nul + "B: c\r\n"), 400},
      {"a NUL in a value", get("A: b" + nul + "c\r\n"), 400},
      {"a carriage return in a name", get("A\rB: c\r\n"), 400},
      {"a carriage return in a value", post("A: b\rContent-Length: 5\r\n", "hello"), 400},
      {"a line feed for a line end", post("A: b\nContent-Length: 5\r\n", "hello"), 400},
      {"a line feed for the end of the head", "GET /first HTTP/1.1\r\n" + kHost + "\n", 400},
      {"line feeds all through", "GET /first HTTP/1.1\nHost: localhost\n\n", 400},
      {"two carriage returns", "GET /first HTTP/1.1\r\r\n" + kHost + "\r\n", 400},
      {"a folded field", get("A: b\r\n Content-Length: 5\r\n"), 400},
      {"a folded field, with a tab", get("A: b\r\n\tContent-Length: 5\r\n"), 400},
      {"a folded first line", "GET /first HTTP/1.1\r\n A: b\r\n" + kHost + "\r\n", 400},
      {"no name", get(": c\r\n"), 400},
      {"no colon", get("Abc\r\n"), 400},
      {"two hosts", get(kHost), 400},
      {"a list of hosts", "GET /first HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"a host with a path", "GET /first HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"a host with a user", "GET /first HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
      {"a host with half a bracket", "GET /first HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
      {"a host with a bad port", "GET /first HTTP/1.1\r\nHost: localhost:8x\r\n\r\n", 400},
      {"no host", "GET /first HTTP/1.1\r\n\r\n", 400},
  });
}

TEST_CASE("http attacks: a body in a coding is refused, and not taken as it is") {
  const std::string five = "Content-Length: 5\r\n";
  check_refused({
      {"gzip", post("Content-Encoding: gzip\r\n" + five, "hello"), 415},
      {"in chunks", post("Content-Encoding: br\r\n" + kChunked, "5\r\nhello\r\n0\r\n\r\n"), 415},
      {"in a list", post("Content-Encoding: identity, gzip\r\n" + five, "hello"), 415},
      {"in a second field", post("Content-Encoding: identity\r\ncontent-encoding: gzip\r\n" + five, "hello"), 415},
      {"of a body to come", post("Content-Encoding: gzip\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"), 415},
  });
}

TEST_CASE("http attacks: chunks that another reader might cut elsewhere are refused") {
  const std::string rest = "\r\nhello\r\n0\r\n\r\n";
  check_refused({
      {"a size with 0x", in_chunks("0x5" + rest), 400},
      {"a size with a sign", in_chunks("+5" + rest), 400},
      {"a negative size", in_chunks("-1" + rest), 400},
      {"a size and a space", in_chunks("5 " + rest), 400},
      {"a space and a size", in_chunks(" 5" + rest), 400},
      {"no size", in_chunks(rest), 400},
      {"a size over 64 bits", in_chunks("10000000000000005" + rest), 400},
      {"a line feed behind the size", in_chunks("5\nhello\r\n0\r\n\r\n"), 400},
      {"a line feed behind the data", in_chunks("5\r\nhello\n0\r\n\r\n"), 400},
      {"line feeds at the end", in_chunks("5\r\nhello\r\n0\n\n"), 400},
      {"data over its size", in_chunks("5\r\nhelloX\r\n0\r\n\r\n"), 400},
      {"a line feed in an extension", in_chunks("5;a\nb" + rest), 400},
      {"a carriage return in an extension", in_chunks("5;a\rb" + rest), 400},
      {"a NUL in an extension", in_chunks("5;a" + std::string(1, '\0') + rest), 400},
      {"a length in the trailer", in_chunks("0\r\nContent-Length: 46\r\n\r\n"), 400},
      {"a coding in the trailer", in_chunks("0\r\n" + kChunked + "\r\n"), 400},
      {"a space before a colon in the trailer", in_chunks("0\r\nA : b\r\n\r\n"), 400},
      {"a line feed in the trailer", in_chunks("0\r\nA: b\n\r\n"), 400},
  });
}

TEST_CASE("http attacks: what is no HTTP/1.1 is refused at once") {
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  check_refused({
      {"HTTP/0.9", "GET /first\r\n", 400},
      {"HTTP/0.9 by name", "GET /first HTTP/0.9\r\n" + kHost + "\r\n", 400},
      {"HTTP/1.2", "GET /first HTTP/1.2\r\n" + kHost + "\r\n", 400},
      {"HTTP/1.10", "GET /first HTTP/1.10\r\n" + kHost + "\r\n", 400},
      {"http/1.1", "GET /first http/1.1\r\n" + kHost + "\r\n", 400},
      {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\4\0\0\0\0\0", 9), 400},
      {"a TLS handshake", hello + std::string(200, 'A'), 400},
      {"a method with a control character", "G\x01T /first HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"no method", " /first HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"two spaces", "GET  /first HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"tabs for spaces", "GET\t/first\tHTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"a space behind the version", "GET /first HTTP/1.1 \r\n" + kHost + "\r\n", 400},
      {"a line feed before", "\n" + get(""), 400},
      {"a target with a NUL", get("", "/first" + std::string(1, '\0')), 400},
      {"a target with a tab", get("", "/first\t"), 400},
      {"authority form", "CONNECT localhost:80 HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"authority form with GET", get("", "localhost:80"), 400},
      {"another scheme", get("", "ftp://localhost/first"), 400},
      {"absolute form with a user", get("", "http://a@localhost/first"), 400},
      {"absolute form without a host", get("", "http:///first"), 400},
      {"a relative path", get("", "first"), 400},
      {"half a percent sequence", get("", "/first%2"), 400},
  });
}

TEST_CASE("http attacks: what is too large is refused before it is kept") {
  const std::string much(20'000, 'a');
  std::string extensions;
  for (int i = 0; i < 1'000; ++i) extensions += "1;" + std::string(40, 'e') + "\r\na\r\n";
  std::string many;
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  check_refused({
      {"the method", much + " /first HTTP/1.1\r\n" + kHost + "\r\n", 431},
      {"the target", get("", "/" + much), 431},
      {"a value", get("A: " + much + "\r\n"), 431},
      {"a name", get(much + ": b\r\n"), 431},
      {"the number of fields", get(many), 431},
      {"empty lines before",
       std::string("\r\n", 2) +
           [] {
             std::string lines;
             for (int i = 0; i < 10'000; ++i) lines += "\r\n";
             return lines;
           }(),
       431},
      {"the length", post("Content-Length: 1025\r\n"), 413},
      {"a chunk", in_chunks("401\r\n"), 413},
      {"the chunks together", in_chunks("400\r\n" + std::string(kBodyLimit, 'b') + "\r\n1\r\nb\r\n0\r\n\r\n"), 413},
      {"a chunk's extension", in_chunks("1;" + much + "\r\nb\r\n0\r\n\r\n"), 431},
      {"the chunks' extensions together", in_chunks(extensions), 431},
      {"the zeros of a chunk's size", in_chunks(std::string(200'000, '0')), 431},
      {"the trailer", in_chunks("0\r\nA: " + much + "\r\n\r\n"), 431},
      {"the number of fields in the trailer", in_chunks("0\r\n" + many + "\r\n"), 431},
  });
}

TEST_CASE("http attacks: what is stopped in the middle is ended by its limit") {
  Counts counts;
  ServerThread server(make_router(counts), {.header_limit = 50ms, .body_limit = 50ms});
  const std::vector<Attack> attacks = {
      {"half a line", "GET /fir", 408},
      {"a head without an end", "GET /first HTTP/1.1\r\n" + kHost, 408},
      {"half an empty line", "\r", 408},
      {"a body that is short", post("Content-Length: 5\r\n", "hell"), 408},
      {"a body that never comes", post("Content-Length: 5\r\nExpect: 100-continue\r\n"), 100},
      {"chunks without an end", in_chunks("5\r\nhello\r\n"), 408},
      {"half a last chunk", in_chunks("5\r\nhello\r\n0\r\n"), 408},
      {"a trailer without an end", in_chunks("5\r\nhello\r\n0\r\nA: b\r\n"), 408},
  };
  for (const Attack& attack : attacks) {
    CAPTURE(attack.name);
    RawConnection client(server.port());
    client.send(attack.bytes);
    CHECK(read_statuses(client) == (attack.status == 100 ? "100 408" : std::to_string(attack.status)));
    CHECK(client.is_closed_by_peer());
    CHECK(counts.first == 0);
  }
}

TEST_CASE("http attacks: what only looks like an attack is served, and what follows it too") {
  Counts counts;
  ServerThread server(make_router(counts));
  const std::vector<Attack> requests = {
      {"empty lines before", "\r\n\r\n" + get(""), 200},
      {"tabs around a value", post("Transfer-Encoding:\tchunked\t\r\n", "0\r\n\r\n"), 200},
      {"zeros before a length", post("Content-Length: 005\r\n", "hello"), 200},
      {"zeros before a chunk's size", in_chunks("00000000000000005\r\nhello\r\n0\r\n\r\n"), 200},
      {"an extension in quotes", in_chunks("5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n"), 200},
      {"a body that is a request", post("Content-Length: " + std::to_string(kSecond.size()) + "\r\n", kSecond), 200},
      {"a body behind GET", get("Content-Length: " + std::to_string(kSecond.size()) + "\r\n") + kSecond, 200},
      {"chunks behind GET", get(kChunked) + "5\r\nhello\r\n0\r\n\r\n", 200},
      {"bytes over 127 in a value", get("A: \x80\xff\r\n"), 200},
      {"a hundred fields", get([] {
         std::string fields;
         for (int i = 0; i < 99; ++i) fields += "A: b\r\n";
         return fields;
       }()),
       200},
      {"an upgrade to HTTP/2", get("Connection: Upgrade\r\nUpgrade: h2c\r\n"), 200},
      {"absolute form", get("", "HTTP://localhost/first"), 200},
      {"a method of nobody", "BREW /first HTTP/1.1\r\n" + kHost + "\r\n", 405},
      {"a method in lower case", "get /first HTTP/1.1\r\n" + kHost + "\r\n", 405},
      {"asterisk form", "OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", 204},
      {"asterisk form with GET", get("", "*"), 404},
      {"a body that is coded as itself", post("Content-Encoding: Identity\r\nContent-Length: 5\r\n", "hello"), 200},
      {"a coding of no body", get("Content-Encoding: gzip\r\n"), 200},
      {"dots", get("", "/../first"), 404},
  };
  for (const Attack& request : requests) {
    CAPTURE(request.name);
    RawConnection client(server.port());
    counts.second = 0;
    client.send(request.bytes + kSecond);
    CHECK(client.read_response().status == request.status);
    CHECK(client.read_response().status == 200);
    CHECK(counts.second == 1);
  }
}

TEST_CASE("http attacks: in absolute form the host is the target's, whatever Host says") {
  Counts counts;
  ServerThread server(make_router(counts), {.host_names = {"localhost"}});
  RawConnection client(server.port());

  client.send(get("", "http://rebound.example/first"));
  CHECK(client.read_response().status == 403);
  client.send("GET http://localhost/first HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
  CHECK(client.read_response().status == 200);
  CHECK(counts.first == 1);
}
