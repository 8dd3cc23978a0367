#include "codehelper/net/http.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "codehelper/net/router.hpp"
#include "http_response_head.hpp"
#include "request_target.hpp"

using namespace codehelper;

TEST_CASE("http headers: names compare without case and set replaces all of a name") {
  HttpHeaders headers;
  headers.add("X-One", "1");
  headers.add("x-one", "2");
  headers.add("Other", "3");

  CHECK(headers.find("X-ONE") == "1");
  headers.set("X-One", "4");

  CHECK(headers.find("x-one") == "4");
  CHECK(std::distance(headers.begin(), headers.end()) == 2);
  CHECK(!headers.find("absent"));
}

TEST_CASE("http request: accepts a media type only when Accept names it with a weight") {
  const auto accepts = [](std::string accept) {
    HttpRequest request;
    request.headers.add("accept", std::move(accept));
    return request.accepts("text/event-stream");
  };

  CHECK(accepts("text/event-stream"));
  CHECK(accepts("application/json, TEXT/Event-Stream;q=0.5"));
  CHECK(accepts("text/event-stream ; charset=utf-8"));
  CHECK_FALSE(accepts("text/event-stream;q=0"));
  CHECK_FALSE(accepts("text/event-stream; q=0.000"));
  CHECK_FALSE(accepts("*/*"));
  CHECK_FALSE(accepts("text/event-streams"));
  CHECK_FALSE(HttpRequest().accepts("text/event-stream"));
}

TEST_CASE("http error reply: has code, message and request id, and hides what is internal") {
  const auto plain = make_error_reply(Error{ErrorCode::invalid_field, "field \"x\" is missing \xff"}, "id-1");
  const auto hidden = make_error_reply(Error{ErrorCode::internal, "/secret/path"}, "id-2");

  CHECK(plain.status == 422);
  const auto body = boost::json::parse(plain.body).as_object();
  CHECK(body.at("error").as_string() == "invalid_field");
  CHECK(body.at("message").as_string() == "field \"x\" is missing \xef\xbf\xbd");
  CHECK(body.at("request_id").as_string() == "id-1");
  CHECK(hidden.status == 500);
  CHECK(hidden.body == R"({"error":"internal_error","message":"An internal error occurred.","request_id":"id-2"})");
}

TEST_CASE("http status: every error code has one") {
  CHECK(http_status(ErrorCode::malformed) == 400);
  CHECK(http_status(ErrorCode::invalid_input) == 400);
  CHECK(http_status(ErrorCode::unauthorized) == 401);
  CHECK(http_status(ErrorCode::not_found) == 404);
  CHECK(http_status(ErrorCode::conflict) == 409);
  CHECK(http_status(ErrorCode::too_large) == 413);
  CHECK(http_status(ErrorCode::timeout) == 504);
  CHECK(http_status(ErrorCode::cancelled) == 499);
  CHECK(http_status(ErrorCode::unavailable) == 502);
  CHECK(http_status(ErrorCode::overloaded) == 503);
}

TEST_CASE("response head: control characters in a value can't begin a field of their own") {
  HttpReply reply = make_json_reply("{}");
  reply.headers.add("X-Echo", "a\r\nSet-Cookie: b");

  const std::string head = format_response_head(reply, ResponseFrame{.body_bytes = 2, .request_id = "i", .date = "d"});

  CHECK(head.find("X-Echo: a  Set-Cookie: b\r\n") != std::string::npos);
  CHECK(head.ends_with("Content-Length: 2\r\n\r\n"));
}

TEST_CASE("response head: 204 has no Content-Length") {
  HttpReply reply;
  reply.status = 204;

  const std::string head = format_response_head(reply, ResponseFrame{.request_id = "i", .date = "d"});

  CHECK(head.starts_with("HTTP/1.1 204 No Content\r\n"));
  CHECK(head.find("Content-Length") == std::string::npos);
}

TEST_CASE("http date: is the format of RFC 9110 and follows the clock") {
  HttpDate date;

  CHECK(date.at(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date.at(784111778) == "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST_CASE("request target: path and query are decoded, the raw path is kept") {
  const auto target = parse_request_target("/a%20b/c?x=1&y=a+b%26&x=2&flag&=v#part");

  REQUIRE(target);
  CHECK(target->path == "/a b/c");
  CHECK(target->raw_path == "/a%20b/c");
  CHECK(target->query == std::map<std::string, std::string>{{"x", "2"}, {"y", "a b&"}, {"flag", ""}, {"", "v"}});
}

TEST_CASE("request target: absolute form and asterisk are understood") {
  CHECK(parse_request_target("http://host:80/a?b=c")->path == "/a");
  CHECK(parse_request_target("http://host")->path == "/");
  CHECK(parse_request_target("http://host?b=c")->query.at("b") == "c");
  CHECK(parse_request_target("*")->path == "*");
}

TEST_CASE("request target: what can't be decoded is malformed") {
  for (const char* target : {"/%", "/%2", "/%zz", "/a%00b", "/a?x=%f", "host:80", "a", ""}) {
    CAPTURE(target);
    const auto parsed = parse_request_target(target);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::malformed);
  }
}

namespace {

Router make_router() {
  const HttpHandler handler = [](RequestContext, HttpRequest) -> Task<Result<HttpReply>> {
    co_return make_json_reply("{}");
  };
  Router router;
  router.add({.method = "GET", .path = "/models/{id}", .handler = handler});
  router.add({.method = "GET", .path = "/models/all", .handler = handler});
  router.add({.method = "POST", .path = "/models/{id}", .handler = handler});
  router.add({.method = "DELETE", .path = "/jobs/{job}/runs/{run}", .handler = handler});
  router.add({.method = "GET", .path = "/", .handler = handler});
  return router;
}

}  // namespace

TEST_CASE("router: a parameter takes one whole decoded segment") {
  const Router router = make_router();

  const auto found = router.find("GET", "/models/a%2Fb%20c");

  const auto* match = std::get_if<RouteMatch>(&found);
  REQUIRE(match != nullptr);
  CHECK(match->route->path == "/models/{id}");
  CHECK(match->parameters == std::map<std::string, std::string>{{"id", "a/b c"}});
  CHECK(std::holds_alternative<NoSuchRoute>(router.find("GET", "/models/a/b")));
  CHECK(std::holds_alternative<NoSuchRoute>(router.find("GET", "/models/")));
  CHECK(std::holds_alternative<RouteMatch>(router.find("DELETE", "/jobs/1/runs/2")));
}

TEST_CASE("router: a literal template goes before one with parameters, HEAD goes to GET") {
  const Router router = make_router();

  CHECK(std::get<RouteMatch>(router.find("GET", "/models/all")).route->path == "/models/all");
  CHECK(std::get<RouteMatch>(router.find("HEAD", "/")).route->path == "/");
}

TEST_CASE("router: an unknown path and a method not allowed are told apart") {
  const Router router = make_router();

  const auto found = router.find("PUT", "/models/x");

  CHECK(std::get<MethodNotAllowed>(found).allow == "GET, HEAD, POST");
  CHECK(std::holds_alternative<NoSuchRoute>(router.find("GET", "/absent")));
  CHECK(std::holds_alternative<NoSuchRoute>(router.find("GET", "*")));
}

TEST_CASE("router: the same method and template twice is a bug") {
  Router router = make_router();

  CHECK_THROWS_AS(router.add({.method = "GET", .path = "/", .handler = nullptr}), std::logic_error);
}
