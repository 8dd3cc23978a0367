// Who is answered: by the page that a request comes from, and by the token that it shows.
#include <catch2/catch.hpp>

#include "codehelper/net/http_server.hpp"
#include "support/access.hpp"
#include "support/raw_http.hpp"
#include "support/server_thread.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

Task<Result<HttpReply>> name_caller(RequestContext context, HttpRequest) {
  HttpReply reply;
  reply.body = context.caller.name;
  co_return reply;
}

Router make_router() {
  Router router;
  router.add({.method = "GET", .path = "/open", .handler = name_caller, .scopes = {}});
  router.add({.method = "GET", .path = "/read", .handler = name_caller, .scopes = Scope::read});
  router.add({.method = "POST", .path = "/read", .handler = name_caller, .scopes = Scope::read});
  router.add({.method = "GET", .path = "/any", .handler = name_caller, .scopes = ScopeSet::all()});
  router.add({.method = "GET", .path = "/undeclared", .handler = name_caller});
  return router;
}

RawResponse ask(ServerThread& server, const std::string& line, const std::string& fields) {
  RawConnection client(server.port());
  client.send(line + " HTTP/1.1\r\nConnection: close\r\n" + fields + "\r\n");
  return client.read_response();
}

HttpServerOptions on_loopback() {
  return {.host_names = {"localhost", "127.0.0.1", "::1"}};
}

}  // namespace

TEST_CASE("request access: on loopback only its own names are answered, whatever the port") {
  ServerThread server(make_router(), on_loopback());
  const auto status = [&](const std::string& host) {
    return ask(server, "GET /open", "Host: " + host + "\r\n").status;
  };

  for (const char* own : {"localhost", "localhost:8000", "LOCALHOST:1", "127.0.0.1:8000", "[::1]:8000", "[::1]"}) {
    CHECK(status(own) == 200);
  }
  for (const char* foreign : {"evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example:8000", "127.0.0.2",
                              "192.168.0.1:8000", "localhost.", "[::2]", "evil.example:80@localhost", ""}) {
    const RawResponse refused = ask(server, "GET /open", "Host: " + std::string(foreign) + "\r\n");
    CAPTURE(foreign, refused.body);
    CHECK((refused.status == 403 || refused.status == 400));
  }
  CHECK(ask(server, "GET /open", "Host: evil.example\r\n").body.find("CODEHELPER_ALLOWED_HOSTS") != std::string::npos);
}

TEST_CASE("request access: HTTP/1.0 may go without Host, but with Origin only as a page of its own") {
  ServerThread server(make_router(), on_loopback());
  const auto status = [&](const std::string& request) {
    RawConnection client(server.port());
    client.send(request + "\r\n");
    return client.read_response().status;
  };

  CHECK(status("GET /open HTTP/1.0\r\n") == 200);
  CHECK(status("GET /open HTTP/1.0\r\nHost: evil.example\r\n") == 403);
  CHECK(status("GET /open HTTP/1.0\r\nOrigin: http://evil.example\r\n") == 403);
  CHECK(status("GET /open HTTP/1.0\r\nHost:\r\n") == 403);
  CHECK(status("GET /open HTTP/1.1\r\n") == 400);
  CHECK(status("GET /open HTTP/1.1\r\nHost:\r\n") == 403);
}

TEST_CASE("request access: where hosts are allowed by name, addresses are too, and no other name") {
  ServerThread server(make_router(), {.host_names = {"code.example.com"}, .takes_any_address = true});
  const auto status = [&](const std::string& host) {
    return ask(server, "GET /open", "Host: " + host + "\r\n").status;
  };

  CHECK(status("code.example.com") == 200);
  CHECK(status("10.0.0.7:8000") == 200);
  CHECK(status("[fd00::1]:8000") == 200);
  CHECK(status("evil.example") == 403);
}

TEST_CASE("request access: pages of other origins are refused, its own and programs are not") {
  ServerThread server(make_router(), on_loopback());
  const auto status = [&](const std::string& line, const std::string& fields) {
    return ask(server, line, "Host: localhost:8000\r\nContent-Length: 0\r\n" + fields).status;
  };

  CHECK(status("POST /read", "") == 200);
  CHECK(status("POST /read", "Origin: http://localhost:8000\r\n") == 200);
  CHECK(status("POST /read", "Origin: http://localhost:8000\r\nSec-Fetch-Site: same-origin\r\n") == 200);
  for (const char* origin : {"http://evil.example", "null", "http://localhost:3000", "http://127.0.0.1:8000",
                             "localhost:8000", "http://localhost:8000.evil.example", "", "file://"}) {
    CAPTURE(origin);
    CHECK(status("POST /read", "Origin: " + std::string(origin) + "\r\n") == 403);
    CHECK(status("GET /read", "Origin: " + std::string(origin) + "\r\n") == 403);
  }
}

TEST_CASE("request access: what a browser says of the site counts where Origin is missing") {
  ServerThread server(make_router(), on_loopback());
  const auto status = [&](const std::string& line, const std::string& fields) {
    return ask(server, line, "Host: localhost:8000\r\nContent-Length: 0\r\n" + fields).status;
  };

  CHECK(status("POST /read", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n") == 403);
  CHECK(status("POST /read", "Sec-Fetch-Site: same-site\r\n") == 403);
  CHECK(status("POST /read", "Sec-Fetch-Site: none\r\n") == 200);
  CHECK(status("GET /read", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n") == 403);
  CHECK(status("GET /open", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n") == 200);
  CHECK(status("GET /open", "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n") == 200);
}

TEST_CASE("request access: a proxy may change Host where the browser vouches for the origin") {
  ServerThread server(make_router());
  const std::string proxied = "Host: backend:8000\r\nContent-Length: 0\r\nOrigin: https://code.example.com\r\n";

  CHECK(ask(server, "POST /read", proxied + "Sec-Fetch-Site: same-origin\r\n").status == 200);
  CHECK(ask(server, "POST /read", proxied + "Sec-Fetch-Site: cross-site\r\n").status == 403);
  CHECK(ask(server, "POST /read", proxied).status == 403);
}

TEST_CASE("request access: no answer lets another origin read it") {
  ServerThread server(make_router(), on_loopback());

  const RawResponse preflight =
      ask(server, "OPTIONS /read",
          "Host: localhost:8000\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n");
  const RawResponse own = ask(server, "GET /read", "Host: localhost:8000\r\nOrigin: http://localhost:8000\r\n");

  CHECK(preflight.status == 403);
  CHECK(preflight.head.find("Access-Control") == std::string::npos);
  CHECK(own.status == 200);
  CHECK(own.head.find("Access-Control") == std::string::npos);
}

TEST_CASE("request access: a token opens what its scopes name and nothing else") {
  ServerThread server(make_router(), {.access = make_access({describe_access_token("ann", Scope::read, "read-me"),
                                                             describe_access_token("bot", Scope::run, "run-me")})});
  const auto show = [&](const std::string& path, const std::string& token) {
    return ask(server, "GET " + path, "Host: localhost\r\nAuthorization: Bearer " + token + "\r\n");
  };

  const RawResponse nobody = ask(server, "GET /read", "Host: localhost\r\n");
  const RawResponse wrong = show("/read", "guess");
  const RawResponse missing = show("/read", "run-me");

  CHECK(nobody.status == 401);
  CHECK(nobody.field("WWW-Authenticate") == "Bearer");
  CHECK(wrong.status == 401);
  CHECK(wrong.field("WWW-Authenticate") == "Bearer");
  CHECK(missing.status == 403);
  CHECK(missing.field("WWW-Authenticate") == R"(Bearer error="insufficient_scope", scope="read")");
  CHECK_THAT(missing.body, Catch::Contains(R"("error":"forbidden")") && Catch::Contains("lacks the scope read") &&
                               Catch::Contains("it has run"));
  CHECK(show("/read", "read-me").body == "ann");
  CHECK(show("/any", "read-me").body == "ann");
  CHECK(show("/any", "run-me").body == "bot");
  CHECK(show("/undeclared", "read-me").status == 403);
  CHECK(ask(server, "GET /open", "Host: localhost\r\n").status == 200);
}

TEST_CASE("request access: the log names the token's owner and never the token, and refusals are counted") {
  ServerThread server(make_router(), {.access = make_access({describe_access_token("ann", Scope::read, "read-me")})});
  const auto show = [&](const std::string& path, const std::string& token) {
    ask(server, "GET " + path, "Host: localhost\r\nAuthorization: Bearer " + token + "\r\n");
  };

  show("/read", "read-me");
  show("/undeclared", "read-me");
  show("/read", "gu3ss");
  ask(server, "GET /read", "Host: localhost\r\nOrigin: null\r\n");
  const std::string log = server.log();
  const std::string metrics = server.metrics().text();

  CHECK_THAT(log, Catch::Contains(R"("token_name":"ann")") && !Catch::Contains("read-me") && !Catch::Contains("gu3ss"));
  CHECK_THAT(metrics, Catch::Contains(R"(codehelper_requests_refused_total{reason="wrong_token"} 1)"));
  CHECK_THAT(metrics, Catch::Contains(R"(codehelper_requests_refused_total{reason="missing_scope"} 1)"));
  CHECK_THAT(metrics, Catch::Contains(R"(codehelper_requests_refused_total{reason="foreign_page"} 1)"));
}
