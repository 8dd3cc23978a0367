// The routes of the Crew API and of the Runner on a real server and a real client, over fakes of the seams.
#pragma once

#include <boost/json/serialize.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codehelper/net/http_server.hpp"
#include "codehelper/net/sse.hpp"
#include "support/api_client.hpp"
#include "support/fake_services.hpp"

namespace codehelper::test {

struct ApiFixture : FakeServices {
  ApiFixture() : FakeServices(keep_state_in_file) {
    folder.write("repo/tests/test_parser.py", "def test_parse_headers():\n    assert True\n");
    HttpClientOptions options;
    options.base_url = "http://127.0.0.1:" + std::to_string(server.start().value());
    client = HttpClient::make(loop, std::move(options)).value();
  }
  ~ApiFixture() { run_until_done(loop, server.drain(std::chrono::milliseconds(0))); }
  ApiFixture(const ApiFixture&) = delete;
  ApiFixture& operator=(const ApiFixture&) = delete;

  ApiAnswer call(HttpCall call) {
    call.limit = std::chrono::seconds(20);
    auto answer = run_until_done(loop, client->call({}, std::move(call)));
    if (!answer) throw std::runtime_error(answer.error().message);
    return {answer->status, std::move(answer->headers), std::move(answer->body)};
  }
  ApiAnswer post_text(const std::string& target, std::string body, const std::string& type = "application/json") {
    HttpCall post{.method = "POST", .target = target, .body = std::move(body)};
    post.headers.add("Content-Type", type);
    return call(std::move(post));
  }
  ApiAnswer post(const std::string& target, const boost::json::value& body) {
    return post_text(target, boost::json::serialize(body));
  }
  ApiAnswer post_for_events(const std::string& target, const boost::json::value& body) {
    HttpCall post{.method = "POST", .target = target, .body = boost::json::serialize(body)};
    post.headers.add("Accept", "text/event-stream");
    return call(std::move(post));
  }
  /// The events of an answer that is told while it is made.
  std::vector<SseEvent> stream(const std::string& target, const boost::json::value& body) {
    const ApiAnswer answer = post_for_events(target, body);
    if (answer.status != 200) throw std::runtime_error("no stream: " + answer.text);
    SseParser parser(1024 * 1024);
    return parser.feed(answer.text).value();
  }
  std::string repo() const { return (folder.path() / "repo").string(); }

  HttpServer server{loop, make_router(), {}, Log::none(), metrics};
  std::unique_ptr<HttpClient> client;

 private:
  static std::unique_ptr<SharedState> keep_state_in_file(FakeServices& services) {
    return make_file_state(services.loop, services.folder.path() / "data/current_project.json");
  }
  Router make_router() {
    Router router;
    add_base_routes(router, metrics);
    add_page_routes(router);
    add_api_routes(router, api);
    add_runner_routes(router, runner_service);
    return router;
  }
};

inline boost::json::object data_of(const SseEvent& event) {
  return boost::json::parse(event.data).as_object();
}

}  // namespace codehelper::test
