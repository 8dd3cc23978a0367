// Many callers, callers that break off anywhere, and the limits on how many there may be and how often they may ask.
#include <catch2/catch.hpp>
#include <vector>

#include "codehelper/net/http_server.hpp"
#include "support/raw_http.hpp"
#include "support/server_thread.hpp"

using namespace codehelper;
using namespace codehelper::test;
using namespace std::chrono_literals;

namespace {

const std::string kHost = "Host: localhost\r\n";

Task<Result<HttpReply>> answer_ok(RequestContext, HttpRequest) {
  co_return make_json_reply(R"({"status":"ok"})");
}

/// A request that is held until the test lets it go.
struct Held {
  std::promise<void> began;
  std::promise<void> release;
};

Task<Result<HttpReply>> answer_held(Held& held) {
  held.began.set_value();
  auto released = held.release.get_future();
  while (released.wait_for(0s) != std::future_status::ready) co_await sleep_for(1ms);
  co_return make_json_reply("{}");
}

Router make_router(Held* held = nullptr) {
  Router router;
  for (const auto* path : {"/health", "/work", "/other"}) {
    router.add({.method = "GET", .path = path, .handler = answer_ok, .needs_token = path != std::string("/health")});
  }
  router.add({.method = "POST", .path = "/work", .handler = answer_ok});
  if (held != nullptr) {
    auto answer = [held](RequestContext, HttpRequest) { return answer_held(*held); };
    router.add({.method = "GET", .path = "/held", .handler = std::move(answer)});
  }
  return router;
}

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

RawResponse ask(RawConnection& client, const std::string& bytes) {
  client.send(bytes);
  return client.read_response();
}

using Leave = void (RawConnection::*)();

}  // namespace

TEST_CASE("http siege: callers that break off after any byte of a request leave nothing behind") {
  const auto leave = GENERATE(Leave(&RawConnection::reset), Leave(&RawConnection::close), &RawConnection::send_end);
  const std::string request = GENERATE(
      get("/work"), "POST /work HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\n\r\nhello",
      "POST /work HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nA: b\r\n\r\n");
  ServerThread server(make_router());
  std::vector<std::unique_ptr<RawConnection>> half_closed;

  for (std::size_t sent = 0; sent <= request.size(); ++sent) {
    auto client = std::make_unique<RawConnection>(server.port());
    client->send(std::string_view(request).substr(0, sent));
    ((*client).*leave)();
    if (leave == &RawConnection::send_end) half_closed.push_back(std::move(client));
  }

  for (std::size_t i = 0; i < half_closed.size(); ++i) {
    CAPTURE(i);
    const std::string answer = half_closed[i]->read_to_end();
    CHECK(answer.starts_with("HTTP/1.1 200 ") == (i == request.size()));
    CHECK(half_closed[i]->is_closed_by_peer());
  }
  RawConnection after(server.port());
  CHECK(ask(after, get("/health")).status == 200);
  after.close();
  CHECK(server.drain(10s) < 5s);
}

TEST_CASE("http siege: callers that reset after any byte of an answer leave nothing behind") {
  ServerThread server(make_router());
  RawConnection measure(server.port());
  const RawResponse whole = ask(measure, get("/work"));
  const std::size_t size = whole.head.size() + whole.body.size();

  for (std::size_t read = 0; read <= size; ++read) {
    RawConnection client(server.port());
    client.send(get("/work") + get("/other"));
    client.read_bytes(read);
    client.reset();
  }

  CHECK(ask(measure, get("/health")).status == 200);
  CHECK(server.drain(10s) < 5s);
}

TEST_CASE("http siege: ten thousand requests in one write are answered in order, and others in between") {
  const std::string request = GENERATE(get("/work"), get("/absent"));
  ServerThread server(make_router());
  RawConnection flooder(server.port());
  RawConnection other(server.port());
  constexpr int kRequests = 10'000;
  std::string flood;
  for (int i = 0; i < kRequests; ++i) flood += request;
  const int status = request == get("/work") ? 200 : 404;

  std::thread sender([&] { flooder.send(flood); });
  int answered = flooder.read_response().status == status ? 1 : 0;
  const int others_status = ask(other, get("/other")).status;
  while (answered < kRequests && flooder.read_response().status == status) ++answered;
  sender.join();
  server.drain(0ms);

  CHECK(answered == kRequests);
  CHECK(others_status == 200);
  const std::string log = server.log();
  const std::string path = status == 200 ? R"("path":"/work")" : R"("path":"/absent")";
  CHECK(log.find(R"("path":"/other")") < log.rfind(path));
}

TEST_CASE("http siege: at the limit the longest idle connection makes room") {
  ServerThread server(make_router(), {.max_connections = 2});
  RawConnection first(server.port());
  RawConnection second(server.port());
  CHECK(ask(first, get("/work")).status == 200);
  CHECK(ask(second, get("/work")).status == 200);
  CHECK(ask(first, get("/work")).status == 200);  // so that the second is idle for longer

  RawConnection third(server.port());

  CHECK(ask(third, get("/work")).status == 200);
  CHECK(second.is_closed_by_peer());
  CHECK(ask(first, get("/work")).status == 200);
  CHECK(server.metrics().text().find(R"(codehelper_http_refused_total{limit="waiting_connections"} 1)") !=
        std::string::npos);
}

TEST_CASE("http siege: callers that drip the head of a request keep nobody out") {
  ServerThread server(make_router(), {.max_connections = 4});
  std::vector<std::unique_ptr<RawConnection>> dripping;
  for (int i = 0; i < 4; ++i) {
    dripping.push_back(std::make_unique<RawConnection>(server.port()));
    dripping.back()->send("GET /work HTT");
  }

  RawConnection client(server.port());

  CHECK(ask(client, get("/work")).status == 200);
  CHECK(dripping.front()->is_closed_by_peer());
}

TEST_CASE("http siege: a burst of new connections at the limit is served, one after the other") {
  ServerThread server(make_router(), {.max_connections = 8});
  std::vector<std::unique_ptr<RawConnection>> idle;

  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<RawConnection>(server.port()));
    REQUIRE(ask(*idle.back(), get("/work")).status == 200);
  }

  CHECK(idle.front()->is_closed_by_peer());
  CHECK(ask(*idle.back(), get("/work")).status == 200);
}

TEST_CASE("http siege: with every connection at work new ones are answered 503, which says when to come back") {
  Held held;
  ServerThread server(make_router(&held), {.max_connections = 1});
  RawConnection busy(server.port());
  busy.send(get("/held") + get("/work"));
  held.began.get_future().wait();

  const RawResponse refused = RawConnection(server.port()).read_response();
  held.release.set_value();

  CHECK(refused.status == 503);
  CHECK(refused.field("Retry-After") == "1");
  CHECK(refused.field("Connection") == "close");
  CHECK(refused.body.find(R"("error":"overloaded")") != std::string::npos);
  CHECK(busy.read_response().status == 200);
  CHECK(busy.read_response().status == 200);
  CHECK(server.metrics().text().find(R"(codehelper_http_refused_total{limit="connections"} )") != std::string::npos);
}

TEST_CASE("http siege: a caller over its rate is answered 429, told when to come back, and kept") {
  ServerThread server(make_router(), {.rate_limit = {.per_second = 1, .burst = 3}});
  RawConnection client(server.port());

  for (int i = 0; i < 3; ++i) CHECK(ask(client, get("/work")).status == 200);
  const RawResponse refused = ask(client, get("/work"));

  CHECK(refused.status == 429);
  CHECK(refused.field("Retry-After") == "1");
  CHECK(refused.field("Connection").empty());
  CHECK(refused.body.find(R"("error":"rate_limited")") != std::string::npos);
  CHECK(refused.body.find(R"("request_id":)") != std::string::npos);
  CHECK(ask(client, get("/absent")).status == 429);  // looking for paths counts as well
  CHECK(ask(client, get("/health")).status == 200);
  RawConnection again(server.port());
  CHECK(ask(again, get("/work")).status == 429);  // the address counts, not the connection
  CHECK(server.metrics().text().find(R"(codehelper_http_refused_total{limit="rate"} 3)") != std::string::npos);
}

TEST_CASE("http siege: who shows the token has a bucket of its own, who guesses it does not") {
  ServerThread server(make_router(), {.token = "right", .rate_limit = {.per_second = 1, .burst = 2}});
  RawConnection client(server.port());
  const std::string wrong = "Authorization: Bearer guess\r\n";

  CHECK(ask(client, get("/work", wrong)).status == 401);
  CHECK(ask(client, get("/work", wrong)).status == 401);
  CHECK(ask(client, get("/work", wrong)).status == 429);
  CHECK(ask(client, get("/work", "Authorization: Bearer right\r\n")).status == 200);
}

TEST_CASE("http siege: callers on loopback can be exempt from the rate") {
  ServerThread server(make_router(), {.rate_limit = {.per_second = 1, .burst = 1, .exempts_loopback = true}});
  RawConnection client(server.port());

  for (int i = 0; i < 10; ++i) CHECK(ask(client, get("/work")).status == 200);
}
