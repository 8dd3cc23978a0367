// A loop, a context and short words for calls: what every test of the HTTP client begins with.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "codehelper/net/http_client.hpp"
#include "support/scripted_server.hpp"

namespace codehelper::test {

inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct HttpClientFixture {
  EventLoop loop{1};
  RequestContext context{.request_id = "test-request-1"};

  std::unique_ptr<HttpClient> make_client(std::string base_url, HttpClientOptions options = {}) {
    options.base_url = std::move(base_url);
    auto client = HttpClient::make(loop, std::move(options));
    if (!client) throw std::runtime_error(client.error().message);
    return std::move(*client);
  }

  Result<HttpAnswer> call(HttpClient& client, HttpCall call) {
    return run_until_done(loop, client.call(context, std::move(call)));
  }
  Result<HttpAnswer> get(HttpClient& client) { return call(client, {}); }
  Result<HttpAnswer> post(HttpClient& client, std::string body) {
    return call(client, {.method = "POST", .body = std::move(body)});
  }

  /// One answer, the same for each request of each connection.
  static ScriptedServer::Script always_answer(std::string answer) {
    return [answer](ScriptedPeer& peer, int) -> Task<void> {
      while (true) {
        const std::string request = co_await peer.read_request();
        if (request.empty()) co_return;
        co_await peer.write(answer);
      }
    };
  }
  /// One answer, then the connection is closed.
  static ScriptedServer::Script answer_and_close(std::string answer) {
    return [answer](ScriptedPeer& peer, int) -> Task<void> {
      co_await peer.read_request();
      co_await peer.write(answer);
    };
  }
};

}  // namespace codehelper::test
