// What the server does with exact bytes. Limits, callers that leave and draining have files of their own.
#include "codehelper/net/http_server.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <stdexcept>

#include "support/access.hpp"
#include "support/raw_http.hpp"
#include "support/server_thread.hpp"

using namespace codehelper;
using namespace codehelper::test;
using namespace std::chrono_literals;

namespace {

const std::string kHost = "Host: localhost\r\n";

Task<Result<HttpReply>> echo(RequestContext, HttpRequest request) {
  HttpReply reply;
  reply.headers.add("Content-Type", "text/plain");
  reply.body = request.method + " " + request.path + " " + request.body;
  for (const auto& [name, value] : request.query) reply.body += " " + name + "=" + value;
  for (const auto& [name, value] : request.parameters) reply.body += " {" + name + "=" + value + "}";
  co_return reply;
}

Task<Result<HttpReply>> throw_secret(RequestContext, HttpRequest) {
  throw std::runtime_error("secret at /opt/x");
  co_return HttpReply();
}

Task<Result<HttpReply>> fail_unavailable(RequestContext, HttpRequest) {
  co_return fail(ErrorCode::unavailable, "the store is down");
}

Task<Result<void>> write_three(RequestContext, BodyWriter& writer) {
  for (const char* piece : {"one", "", "two", "three"}) {
    const auto written = co_await writer.write(piece);
    if (!written) co_return written;
  }
  co_return Result<void>{};
}

Task<Result<void>> break_off(RequestContext, BodyWriter& writer) {
  co_await writer.write("part");
  co_return fail(ErrorCode::unavailable, "the source dried up");
}

Task<Result<void>> give_up(RequestContext, BodyWriter&) {
  co_return fail(ErrorCode::overloaded, "too many");
}

Task<Result<void>> write_nothing(RequestContext, BodyWriter&) {
  co_return Result<void>{};
}

HttpHandler stream_by(Task<Result<void>> (*stream)(RequestContext, BodyWriter&)) {
  return [stream](RequestContext, HttpRequest) -> Task<Result<HttpReply>> {
    HttpReply reply;
    reply.headers.add("Content-Type", "text/event-stream");
    reply.stream = stream;
    co_return reply;
  };
}

Router make_router() {
  Router router;
  router.add({.method = "GET", .path = "/health", .handler = echo, .scopes = {}});
  router.add({.method = "GET", .path = "/items/{id}", .handler = echo});
  router.add({.method = "POST", .path = "/echo", .handler = echo, .body_limit_bytes = 1000});
  router.add({.method = "GET", .path = "/throw", .handler = throw_secret});
  router.add({.method = "GET", .path = "/unavailable", .handler = fail_unavailable});
  router.add({.method = "GET", .path = "/stream", .handler = stream_by(write_three)});
  router.add({.method = "GET", .path = "/broken-stream", .handler = stream_by(break_off)});
  router.add({.method = "GET", .path = "/refused-stream", .handler = stream_by(give_up)});
  router.add({.method = "GET", .path = "/empty-stream", .handler = stream_by(write_nothing)});
  return router;
}

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

std::string post(const std::string& body, const std::string& fields = "") {
  return "POST /echo HTTP/1.1\r\n" + kHost + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace

TEST_CASE("http server: answers with length, date, id and keeps the connection") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  for (int round = 0; round < 3; ++round) {
    client.send(get("/items/a%20b?x=1", "X-Request-Id: my-id\r\n"));
    const RawResponse response = client.read_response();

    CHECK(response.status == 200);
    CHECK(response.head.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(response.body == "GET /items/a b  x=1 {id=a b}");
    CHECK(response.field("X-Request-Id") == "my-id");
    CHECK(response.field("Server") == "codehelper");
    CHECK(response.field("Date").ends_with(" GMT"));
    CHECK(response.field("Connection").empty());
  }
}

TEST_CASE("http server: requests sent ahead are answered in order") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(get("/items/1") + post("two") + get("/items/3") + get("/absent") + get("/items/5"));

  CHECK(client.read_response().body == "GET /items/1  {id=1}");
  CHECK(client.read_response().body == "POST /echo two");
  CHECK(client.read_response().body == "GET /items/3  {id=3}");
  CHECK(client.read_response().status == 404);
  CHECK(client.read_response().body == "GET /items/5  {id=5}");
}

TEST_CASE("http server: HTTP/1.0 closes unless it asks to be kept") {
  ServerThread server(make_router());
  RawConnection plain(server.port());
  RawConnection kept(server.port());

  plain.send("GET /health HTTP/1.0\r\n\r\n");
  kept.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

  CHECK(plain.read_response().field("Connection") == "close");
  CHECK(plain.is_closed_by_peer());
  CHECK(kept.read_response().field("Connection") == "keep-alive");
  kept.send(get("/health"));
  CHECK(kept.read_response().status == 200);
}

TEST_CASE("http server: Connection: close is obeyed") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(get("/health", "Connection: close\r\n"));

  CHECK(client.read_response().field("Connection") == "close");
  CHECK(client.is_closed_by_peer());
  CHECK_FALSE(client.was_reset());
}

TEST_CASE("http server: HEAD has the headers of GET and no body") {
  ServerThread server(make_router());
  RawConnection client(server.port());
  client.send(get("/health"));
  const std::string length = client.read_response().field("Content-Length");

  client.send("HEAD /absent HTTP/1.1\r\n" + kHost + "\r\n");
  const RawResponse absent = client.read_response("HEAD");
  client.send("HEAD /health HTTP/1.1\r\n" + kHost + "\r\nHEAD /stream HTTP/1.1\r\n" + kHost + "\r\n" + get("/health"));
  const RawResponse health = client.read_response("HEAD");
  const RawResponse stream = client.read_response("HEAD");

  CHECK(absent.status == 404);
  CHECK(health.status == 200);
  CHECK(std::stoul(health.field("Content-Length")) == std::stoul(length) + 1);  // the echo says HEAD for GET
  CHECK(stream.field("Transfer-Encoding") == "chunked");
  CHECK(client.read_response().body == "GET /health ");
}

TEST_CASE("http server: a body in chunks is taken, also when its last chunk comes in two pieces") {
  ServerThread server(make_router());
  RawConnection client(server.port());
  const std::string head = "POST /echo HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n";

  client.send(head + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
  CHECK(client.read_response().body == "POST /echo abcde");

  // Beast 345 aborts here when asserts are on and its parser is fed as the bytes come.
  RawConnection dripping(server.port());
  for (const std::string_view piece :
       {std::string_view(head), std::string_view("0\r\n"), std::string_view("\r"), std::string_view("\n")}) {
    dripping.send(piece);
    client.send(get("/health"));  // a round trip on the other connection: the piece has been read before the next
    client.read_response();
  }
  CHECK(dripping.read_response().body == "POST /echo ");
}

TEST_CASE("http server: Expect is answered with 100 only when the head passes") {
  ServerThread server(make_router(), {.access = make_access("t")});
  const auto expect = [&](const std::string& fields) {
    RawConnection client(server.port());
    client.send("POST /echo HTTP/1.1\r\n" + kHost + "Expect: 100-continue\r\n" + fields + "\r\n");
    return client.read_response().status;
  };
  RawConnection client(server.port());

  client.send("POST /echo HTTP/1.1\r\n" + kHost +
              "Expect: 100-continue\r\nAuthorization: Bearer t\r\nContent-Length: 2\r\n\r\n");
  const RawResponse interim = client.read_response();
  client.send("ok");
  const RawResponse final = client.read_response();

  CHECK(interim.head == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(final.body == "POST /echo ok");
  CHECK(expect("Content-Length: 2\r\n") == 401);
  CHECK(expect("Authorization: Bearer t\r\nContent-Length: 1001\r\n") == 413);
}

TEST_CASE("http server: no 100 when the body is there already, 417 for other expectations") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(post("now", "Expect: 100-continue\r\n"));
  CHECK(client.read_response().status == 200);
  client.send(post("now", "Expect: tea\r\n"));
  CHECK(client.read_response().status == 417);
}

TEST_CASE("http server: unknown paths are 404, other methods 405 with Allow, in the one envelope") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(get("/absent", "X-Request-Id: i\r\n"));
  const RawResponse absent = client.read_response();
  client.send("OPTIONS /health HTTP/1.1\r\n" + kHost + "\r\n");
  const RawResponse refused = client.read_response();

  CHECK(absent.status == 404);
  CHECK(absent.body == R"({"error":"not_found","message":"no such path","request_id":"i"})");
  CHECK(absent.field("Content-Type") == "application/json");
  CHECK(refused.status == 405);
  CHECK(refused.field("Allow") == "GET, HEAD");
  CHECK(refused.body.find(R"("error":"method_not_allowed")") != std::string::npos);
}

TEST_CASE("http server: OPTIONS * tells the methods that the server takes") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send("OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n");
  const RawResponse response = client.read_response();

  CHECK(response.status == 204);
  CHECK(response.field("Allow") == "GET, HEAD, OPTIONS, POST");
}

TEST_CASE("http server: a coded body is a 415 that names the field and the way out") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(post("now", "Content-Encoding: gzip\r\nX-Request-Id: i\r\n"));
  const RawResponse response = client.read_response();

  CHECK(response.status == 415);
  CHECK(response.field("Accept-Encoding") == "identity");
  CHECK(response.body == R"({"error":"unsupported_media_type","message":"Content-Encoding: gzip is not taken; )"
                         R"(send the body as it is, without it","request_id":"i"})");
}

TEST_CASE("http server: a request that can't be read is answered 400 with an id, and the connection closed") {
  ServerThread server(make_router());
  for (const std::string& bytes :
       {std::string("GET / \r\n"), std::string("GET /health HTTP/1.1\r\n\r\n"), get("/%zz"), get("/a%00"),
        "GET /health HTTP/1.1\r\n" + kHost + kHost + "\r\n", std::string("\x16\x03\x01\r\n"),
        "POST /echo HTTP/1.1\r\n" + kHost + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\nz\r\n\r\n"}) {
    CAPTURE(bytes);
    RawConnection client(server.port());

    client.send(bytes);
    const RawResponse response = client.read_response();

    CHECK(response.status == 400);
    CHECK(response.field("X-Request-Id").size() == 32);
    CHECK(response.field("Connection") == "close");
    CHECK(response.body.find(R"("error":"bad_request")") != std::string::npos);
    CHECK(client.is_closed_by_peer());
  }
}

TEST_CASE("http server: a head over its limit is 431") {
  ServerThread server(make_router(), {.header_limit_bytes = 2000});
  RawConnection client(server.port());

  client.send(get("/health", "X-Long: " + std::string(3000, 'x') + "\r\n"));

  CHECK(client.read_response().status == 431);
  CHECK(client.is_closed_by_peer());
}

TEST_CASE("http server: a body over the route's limit is 413, which a caller still sending gets to see") {
  ServerThread server(make_router());
  RawConnection declared(server.port());
  RawConnection chunked(server.port());

  declared.send(post(std::string(1024 * 1024, 'x')));
  chunked.send("POST /echo HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" +
               std::string(500'000, 'x'));

  const RawResponse response = declared.read_response();
  CHECK(response.status == 413);
  CHECK(response.body.find(R"("error":"too_large")") != std::string::npos);
  CHECK(response.field("Connection") == "close");
  CHECK(chunked.read_response().status == 413);
}

TEST_CASE("http server: a body at the limit passes") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(post(std::string(1000, 'x')));

  CHECK(client.read_response().body.size() == 1000 + std::string_view("POST /echo ").size());
}

TEST_CASE("http server: routes that need a token take no other, and say so") {
  ServerThread server(make_router(), {.access = make_access("open-sesame")});
  RawConnection client(server.port());
  const auto status = [&](const std::string& target, const std::string& fields) {
    client.send(get(target, fields));
    return client.read_response().status;
  };

  client.send(get("/items/1"));
  const RawResponse refused = client.read_response();

  CHECK(refused.status == 401);
  CHECK(refused.field("WWW-Authenticate") == "Bearer");
  CHECK(status("/items/1", "Authorization: Bearer open-sesame\r\n") == 200);
  CHECK(status("/items/1", "authorization: bearer open-sesame\r\n") == 200);
  CHECK(status("/items/1", "Authorization: Bearer open-sesamf\r\n") == 401);
  CHECK(status("/items/1", "Authorization: Bearer open-sesame2\r\n") == 401);
  CHECK(status("/items/1", "Authorization: Basic  open-sesame\r\n") == 401);
  CHECK(status("/health", "") == 200);
  CHECK(status("/absent", "") == 404);
}

TEST_CASE("http server: what a handler throws is in the log and not in the answer") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(get("/throw", "X-Request-Id: t-1\r\n"));
  const RawResponse thrown = client.read_response();
  client.send(get("/unavailable"));
  const RawResponse unavailable = client.read_response();

  CHECK(thrown.status == 500);
  CHECK(thrown.body == R"({"error":"internal_error","message":"An internal error occurred.","request_id":"t-1"})");
  CHECK(server.log().find("secret at /opt/x") != std::string::npos);
  CHECK(unavailable.status == 502);
  CHECK(unavailable.body.find("the store is down") != std::string::npos);
}

TEST_CASE("http server: an id that is no valid one is replaced") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(get("/health", "X-Request-Id: two words\r\n"));
  const std::string spaced = client.read_response().field("X-Request-Id");
  client.send(get("/health", "X-Request-Id: " + std::string(129, 'x') + "\r\n"));
  const std::string lengthy = client.read_response().field("X-Request-Id");

  CHECK(spaced.size() == 32);
  CHECK(lengthy.size() == 32);
  CHECK(spaced != lengthy);
}

TEST_CASE("http server: a stream goes out in chunks and the connection is kept") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(get("/stream"));
  const RawResponse head = client.read_response();

  CHECK(head.field("Transfer-Encoding") == "chunked");
  CHECK(head.field("Content-Length").empty());
  CHECK(client.read_until("\r\n0\r\n\r\n") == "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
  client.send(get("/health"));
  CHECK(client.read_response().status == 200);
}

TEST_CASE("http server: a stream to HTTP/1.0 is ended by closing") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send("GET /stream HTTP/1.0\r\n\r\n");

  CHECK(client.read_to_end().ends_with("Connection: close\r\n\r\nonetwothree"));
  CHECK_FALSE(client.was_reset());
}

TEST_CASE("http server: a stream that fails before its first write is answered like a handler that does") {
  ServerThread server(make_router());
  RawConnection client(server.port());
  RawConnection old_client(server.port());

  client.send(get("/refused-stream", "X-Request-Id: i\r\n") + get("/health"));
  const RawResponse refused = client.read_response();
  old_client.send("GET /refused-stream HTTP/1.0\r\n\r\n");

  CHECK(refused.status == 503);
  CHECK(refused.field("Content-Type") == "application/json");
  CHECK(refused.body == R"({"error":"overloaded","message":"too many","request_id":"i"})");
  CHECK(client.read_response().status == 200);
  CHECK(old_client.read_response().status == 503);
}

TEST_CASE("http server: a stream of nothing is a whole answer") {
  ServerThread server(make_router());
  RawConnection client(server.port());
  RawConnection old_client(server.port());

  client.send(get("/empty-stream"));
  old_client.send("GET /empty-stream HTTP/1.0\r\n\r\n");

  CHECK(client.read_until("\r\n0\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(old_client.read_to_end().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("http server: a stream that fails lacks its last chunk") {
  ServerThread server(make_router());
  RawConnection client(server.port());
  RawConnection old_client(server.port());

  client.send(get("/broken-stream"));
  old_client.send("GET /broken-stream HTTP/1.0\r\n\r\n");
  const std::string bytes = client.read_to_end();
  old_client.read_to_end();

  CHECK(bytes.ends_with("4\r\npart\r\n"));
  CHECK(old_client.was_reset());
  CHECK(server.log().find("the source dried up") != std::string::npos);
}

TEST_CASE("http server: one log line a request, probes quieter, no query in it") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(get("/items/7?secret=1", "X-Request-Id: log-1\r\n") + get("/health"));
  client.read_response();
  client.read_response();
  server.drain(0ms);  // the line is written after the answer
  const std::string log = server.log();

  CHECK(log.find(R"("level":"info","event":"http_request","request_id":"log-1","method":"GET","path":"/items/7")") !=
        std::string::npos);
  CHECK(log.find(R"("route":"/items/{id}")") != std::string::npos);
  CHECK(log.find(R"("level":"debug","event":"http_request")") != std::string::npos);
  CHECK(log.find("secret") == std::string::npos);
}

TEST_CASE("http server: metrics carry the route's template and nothing that callers make up") {
  ServerThread server(make_router());
  RawConnection client(server.port());

  client.send(get("/items/7") + get("/items/8") + get("/absent") + "BREW /health HTTP/1.1\r\n" + kHost + "\r\n");
  for (int i = 0; i < 4; ++i) client.read_response();
  server.drain(0ms);
  const std::string text = server.metrics().text();

  CHECK(text.find(R"(http_requests_total{handler="/items/{id}",method="GET",status="2xx"} 2)") != std::string::npos);
  CHECK(text.find("absent") == std::string::npos);
  CHECK(text.find("BREW") == std::string::npos);
}

TEST_CASE("http server: out of descriptors it waits and goes on") {
  ServerThread server(make_router());
  RawConnection waiting(server.port());  // its descriptor is taken before there are none left
  waiting.send(get("/health"));
  REQUIRE(waiting.read_response().status == 200);
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);

  // One descriptor is left, and the client takes it: the server has none to accept with.
  const rlimit tight{.rlim_cur = static_cast<rlim_t>(next) + 1, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &tight);
  ::close(next);
  RawConnection late(server.port());
  late.send(get("/health"));
  while (server.log().find("http_accept_failed") == std::string::npos) std::this_thread::sleep_for(1ms);
  ::setrlimit(RLIMIT_NOFILE, &before);

  CHECK(late.read_response().status == 200);
}

TEST_CASE("http server: its sockets are closed when a command is started") {
  ServerThread server(make_router());
  RawConnection client(server.port());
  client.send(get("/health"));
  REQUIRE(client.read_response().status == 200);

  for (int descriptor = 3; descriptor < 256; ++descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFD);
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const bool is_socket = ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (flags < 0 || !is_socket) continue;
    CAPTURE(descriptor);
    CHECK((flags & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("http server: start names host and port when it can't listen") {
  EventLoop loop(1);
  Metrics metrics;
  ServerThread taken(make_router());
  HttpServer second(loop, Router(), {.host = "localhost", .port = taken.port()}, Log::none(), metrics);
  HttpServer nowhere(loop, Router(), {.host = "192.0.2.1"}, Log::none(), metrics);
  HttpServer unknown(loop, Router(), {.host = "no such host"}, Log::none(), metrics);

  const auto conflict = second.start();
  const auto foreign = nowhere.start();
  const auto nonsense = unknown.start();

  REQUIRE_FALSE(conflict);
  CHECK(conflict.error().code == ErrorCode::conflict);
  CHECK(conflict.error().message.find("localhost") != std::string::npos);
  CHECK(conflict.error().message.find(std::to_string(taken.port())) != std::string::npos);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code == ErrorCode::invalid_input);
  REQUIRE_FALSE(nonsense);
  CHECK(nonsense.error().code == ErrorCode::invalid_input);
}

TEST_CASE("http server: a host name is listened on by all its addresses, with one port") {
  ServerThread server(make_router(), {.host = "localhost"});
  RawConnection client(server.port());

  client.send(get("/health"));

  CHECK(client.read_response().status == 200);
}
