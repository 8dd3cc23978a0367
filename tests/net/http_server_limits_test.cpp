// Time: slow callers, slow handlers, callers that leave, and the end of the server.
#include <catch2/catch.hpp>
#include <future>

#include "codehelper/net/http_server.hpp"
#include "support/raw_http.hpp"
#include "support/server_thread.hpp"

using namespace codehelper;
using namespace codehelper::test;
using namespace std::chrono_literals;

namespace {

const std::string kHost = "Host: localhost\r\n";
constexpr auto kLong = 60'000ms;

/// What handlers tell the test from the loop's thread.
struct Report {
  std::promise<void> began;
  std::promise<std::string> ended;
};

Task<Result<HttpReply>> answer_at_once(RequestContext, HttpRequest) {
  co_return make_json_reply("{}");
}

Task<Result<HttpReply>> wait_long(RequestContext, HttpRequest, Report& report) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  report.began.set_value();
  const auto slept = co_await sleep_for(kLong);
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await sleep_for(10ms);  // clean-up that takes its time
  report.ended.set_value(slept ? "slept" : std::string(to_string(slept.error().code)));
  co_return make_json_reply("{}");
}

Task<Result<HttpReply>> wait_briefly(RequestContext, HttpRequest, Report& report) {
  report.began.set_value();
  co_await sleep_for(100ms);
  co_return make_json_reply("{}");
}

Task<Result<HttpReply>> tell_remaining(RequestContext context, HttpRequest) {
  co_return make_json_reply(std::to_string(context.deadline.remaining().count()));
}

Task<Result<void>> stream_on(Report& report, BodyWriter& writer) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  report.began.set_value();
  Result<void> written;
  while (written) {
    written = co_await writer.write(std::string(64 * 1024, 'x'));
  }
  report.ended.set_value(std::string(to_string(written.error().code)));
  co_return written;
}

Task<Result<HttpReply>> stream_without_end(RequestContext, HttpRequest, Report& report) {
  HttpReply reply;
  reply.stream = [&report](RequestContext, BodyWriter& writer) { return stream_on(report, writer); };
  co_return reply;
}

Task<Result<HttpReply>> answer_much(RequestContext, HttpRequest) {
  HttpReply reply;
  reply.body.assign(64 * 1024 * 1024, 'x');
  co_return reply;
}

using ReportingHandler = Task<Result<HttpReply>> (*)(RequestContext, HttpRequest, Report&);

HttpHandler reporting(ReportingHandler handler, Report& report) {
  return [handler, &report](RequestContext context, HttpRequest request) {
    return handler(std::move(context), std::move(request), report);
  };
}

Router make_router(Report& report, std::chrono::milliseconds budget = kLong) {
  Router router;
  router.add({.method = "GET", .path = "/health", .handler = answer_at_once});
  router.add({.method = "POST", .path = "/body", .handler = answer_at_once});
  router.add({.method = "GET", .path = "/long", .handler = reporting(wait_long, report), .time_budget = budget});
  router.add({.method = "GET", .path = "/brief", .handler = reporting(wait_briefly, report)});
  router.add({.method = "GET", .path = "/remaining", .handler = tell_remaining, .time_budget = 5'000ms});
  router.add(
      {.method = "GET", .path = "/endless", .handler = reporting(stream_without_end, report), .time_budget = budget});
  router.add({.method = "GET", .path = "/much", .handler = answer_much});
  return router;
}

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

}  // namespace

TEST_CASE("http limits: a head that takes too long is 408, however it drips in") {
  Report report;
  ServerThread server(make_router(report), {.header_limit = 100ms});
  RawConnection client(server.port());
  const auto start = std::chrono::steady_clock::now();

  std::thread drip([&client] {
    client.send("GET /health HTTP/1.1\r\n");
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(20ms);
      if (!client.send("X: y\r\n")) return;
    }
  });
  const RawResponse response = client.read_response();
  const auto took = std::chrono::steady_clock::now() - start;
  drip.join();

  CHECK(response.status == 408);
  CHECK(response.field("Connection") == "close");
  CHECK(response.body.find(R"("error":"request_timeout")") != std::string::npos);
  CHECK(took >= 100ms);
  CHECK(took < 350ms);
}

TEST_CASE("http limits: a body that takes too long is 408") {
  Report report;
  ServerThread server(make_router(report), {.body_limit = 50ms});
  RawConnection client(server.port());

  client.send("POST /body HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\n\r\nab");

  CHECK(client.read_response().status == 408);
  CHECK(client.is_closed_by_peer());
}

TEST_CASE("http limits: an idle connection is closed without a word, new or kept") {
  Report report;
  ServerThread server(make_router(report), {.idle_limit = 50ms});
  RawConnection silent(server.port());
  RawConnection kept(server.port());

  kept.send(get("/health"));
  CHECK(kept.read_response().status == 200);

  CHECK(silent.read_to_end().empty());
  CHECK(silent.is_closed_by_peer());
  CHECK(kept.read_to_end().empty());
  CHECK(kept.is_closed_by_peer());
}

TEST_CASE("http limits: the idle limit does not end a handler") {
  Report report;
  ServerThread server(make_router(report), {.idle_limit = 30ms});
  RawConnection client(server.port());

  client.send(get("/brief"));

  CHECK(client.read_response().status == 200);
}

TEST_CASE("http limits: a handler over its route's budget is cancelled, awaited and answered 504") {
  Report report;
  auto ended = report.ended.get_future();
  ServerThread server(make_router(report, 50ms));
  RawConnection client(server.port());

  client.send(get("/long"));
  const RawResponse response = client.read_response();

  CHECK(response.status == 504);
  CHECK(response.body.find(R"("error":"timeout")") != std::string::npos);
  CHECK(ended.wait_for(0s) == std::future_status::ready);
  CHECK(ended.get() == "cancelled");
  client.send(get("/health"));
  CHECK(client.read_response().status == 200);
}

TEST_CASE("http limits: X-Timeout-Ms shortens the budget and never lengthens it") {
  Report report;
  ServerThread server(make_router(report));
  RawConnection client(server.port());
  const auto remaining = [&](const std::string& fields) {
    client.send(get("/remaining", fields));
    return std::stol(client.read_response().body);
  };

  CHECK(remaining("X-Timeout-Ms: 900\r\n") <= 900);
  CHECK(remaining("X-Timeout-Ms: 900000\r\n") > 4'000);
  CHECK(remaining("X-Timeout-Ms: 900000\r\n") <= 5'000);
  CHECK(remaining("X-Timeout-Ms: soon\r\n") > 4'000);
  client.send(get("/long", "X-Timeout-Ms: 30\r\n"));
  CHECK(client.read_response().status == 504);
}

TEST_CASE("http limits: a caller that leaves has its handler cancelled") {
  const auto leave = GENERATE(&RawConnection::close, &RawConnection::reset, &RawConnection::send_end);
  Report report;
  auto ended = report.ended.get_future();
  ServerThread server(make_router(report));
  RawConnection client(server.port());

  client.send(get("/long"));
  report.began.get_future().wait();
  (client.*leave)();

  REQUIRE(ended.wait_for(5s) == std::future_status::ready);
  CHECK(ended.get() == "cancelled");
}

TEST_CASE("http limits: a caller that leaves is seen behind requests it sent ahead") {
  Report report;
  auto ended = report.ended.get_future();
  ServerThread server(make_router(report));
  RawConnection client(server.port());

  client.send(get("/long"));
  report.began.get_future().wait();
  client.send(get("/health"));
  client.close();

  REQUIRE(ended.wait_for(5s) == std::future_status::ready);
  CHECK(ended.get() == "cancelled");
}

TEST_CASE("http limits: requests sent while a handler works are kept and answered after it") {
  Report report;
  ServerThread server(make_router(report));
  RawConnection client(server.port());

  client.send(get("/brief"));
  report.began.get_future().wait();
  const std::string second = get("/health");
  client.send(second.substr(0, 10));
  client.send(second.substr(10) + get("/absent"));

  CHECK(client.read_response().status == 200);
  CHECK(client.read_response().status == 200);
  CHECK(client.read_response().status == 404);
}

TEST_CASE("http limits: more than the server keeps is left in the socket, and answered all the same") {
  Report report;
  ServerThread server(make_router(report));
  RawConnection client(server.port());
  constexpr int kRequests = 6'000;
  std::string ahead;
  for (int i = 0; i < kRequests; ++i) ahead += get("/health");

  client.send(get("/brief"));
  report.began.get_future().wait();
  std::thread sender([&] { client.send(ahead); });
  int answered = 0;
  while (answered <= kRequests && client.read_response().status == 200) ++answered;
  sender.join();

  CHECK(answered == kRequests + 1);
}

TEST_CASE("http limits: a stream's caller that leaves ends the stream") {
  Report report;
  auto ended = report.ended.get_future();
  ServerThread server(make_router(report));
  RawConnection client(server.port());

  client.send(get("/endless"));
  client.read_until("xxxx");
  client.close();

  REQUIRE(ended.wait_for(5s) == std::future_status::ready);
  CHECK(ended.get() == "cancelled");
}

TEST_CASE("http limits: a stream that nobody reads is dropped at the write limit") {
  Report report;
  auto ended = report.ended.get_future();
  ServerThread server(make_router(report), {.write_limit = 50ms});
  RawConnection client(server.port());

  client.send(get("/endless"));

  REQUIRE(ended.wait_for(5s) == std::future_status::ready);
  CHECK(ended.get() == "timeout");
}

TEST_CASE("http limits: a stream over its budget is cut off") {
  Report report;
  auto ended = report.ended.get_future();
  ServerThread server(make_router(report, 50ms));
  RawConnection client(server.port());

  client.send(get("/endless"));

  REQUIRE(ended.wait_for(5s) == std::future_status::ready);
  CHECK(ended.get() == "cancelled");
}

TEST_CASE("http limits: a caller that does not read its answer is dropped at the write limit") {
  Report report;
  ServerThread server(make_router(report), {.write_limit = 50ms});
  RawConnection client(server.port());

  client.send(get("/much"));
  while (server.log().find(R"("status":499)") == std::string::npos) std::this_thread::sleep_for(1ms);

  CHECK(client.read_to_end().size() < 64 * 1024 * 1024);
}

TEST_CASE("http limits: a caller that reads slowly but steadily gets all of a large answer") {
  Report report;
  ServerThread server(make_router(report));
  RawConnection client(server.port());

  client.send(get("/much"));

  CHECK(client.read_response().body.size() == 64 * 1024 * 1024);
}

TEST_CASE("http drain: idle connections are closed at once") {
  Report report;
  ServerThread server(make_router(report));
  RawConnection fresh(server.port());
  RawConnection kept(server.port());
  kept.send(get("/health"));
  CHECK(kept.read_response().status == 200);

  const auto took = server.drain(kLong);

  CHECK(took < 50ms);
  CHECK(kept.is_closed_by_peer());
  CHECK(fresh.is_closed_by_peer());
  CHECK_THROWS(RawConnection(server.port()));
}

TEST_CASE("http drain: a request in flight is answered, says close, and the ones behind it are not begun") {
  Report report;
  ServerThread server(make_router(report));
  RawConnection client(server.port());
  client.send(get("/brief"));
  report.began.get_future().wait();

  const auto start = std::chrono::steady_clock::now();
  auto drained = server.start_drain(kLong);
  client.send(get("/health"));
  const RawResponse response = client.read_response();
  drained.get();

  CHECK(std::chrono::steady_clock::now() - start < 1s);
  CHECK(response.status == 200);
  CHECK(response.field("Connection") == "close");
  CHECK(client.read_response().status == 0);
}

TEST_CASE("http drain: a request whose head was not yet whole is answered 503") {
  Report report;
  ServerThread server(make_router(report));
  RawConnection client(server.port());
  const std::string request = get("/health");
  client.send(get("/health") + request.substr(0, 10));
  CHECK(client.read_response().status == 200);

  auto drained = server.start_drain(kLong);
  client.send(request.substr(10));
  const RawResponse response = client.read_response();
  client.close();
  drained.get();

  CHECK(response.status == 503);
  CHECK(response.body.find(R"("error":"draining")") != std::string::npos);
}

TEST_CASE("http drain: at the limit handlers are cancelled and awaited, and answered 503") {
  Report report;
  auto ended = report.ended.get_future();
  ServerThread server(make_router(report));
  RawConnection client(server.port());
  client.send(get("/long"));
  report.began.get_future().wait();

  server.drain(50ms);

  CHECK(ended.wait_for(0s) == std::future_status::ready);
  CHECK(ended.get() == "cancelled");
  CHECK(client.read_response().status == 503);
}
