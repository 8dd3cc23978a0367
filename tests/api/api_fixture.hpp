// The routes of the Crew API and of the Runner on a real server and a real client, over fakes of the seams.
#pragma once

#include <boost/json/serialize.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codehelper/api/routes.hpp"
#include "codehelper/net/http_server.hpp"
#include "codehelper/net/sse.hpp"
#include "support/api_client.hpp"
#include "support/fake_command_runner.hpp"
#include "support/fake_ingest_jobs.hpp"
#include "support/fake_vector_store.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

struct ApiFixture {
  ApiFixture() {
    folder.write("repo/parser.py", "def parse_headers(text):\n    return text.split()\n");
    folder.write("repo/tests/test_parser.py", "def test_parse_headers():\n    assert True\n");
    Chunk chunk;
    chunk.path = "parser.py";
    chunk.language = "python";
    chunk.symbol = "parse_headers";
    chunk.end_line = 2;
    chunk.text = "def parse_headers(text):\n    return text.split()\n";
    store.fill(embedder->identity(), {std::move(chunk)});
    HttpClientOptions options;
    options.base_url = "http://127.0.0.1:" + std::to_string(server.start().value());
    client = HttpClient::make(loop, std::move(options)).value();
  }
  ~ApiFixture() {
    run_until_done(loop, server.drain(std::chrono::milliseconds(0)));
    run_until_done(loop, chat_runs.shut_down());
  }
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
  /// The events of an answer that is told while it is made.
  std::vector<SseEvent> stream(const std::string& target, const boost::json::value& body) {
    HttpCall post{.method = "POST", .target = target, .body = boost::json::serialize(body)};
    post.headers.add("Accept", "text/event-stream");
    const ApiAnswer answer = call(std::move(post));
    if (answer.status != 200) throw std::runtime_error("no stream: " + answer.text);
    SseParser parser(1024 * 1024);
    return parser.feed(answer.text).value();
  }
  std::string repo() const { return (folder.path() / "repo").string(); }

  TemporaryDirectory folder;
  EventLoop loop{2};
  Metrics metrics;
  FakeVectorStore store;
  FakeIngestJobs jobs;
  FakeCommandRunner runner;
  std::unique_ptr<Embedder> embedder = make_hashing_embedder(loop);
  std::unique_ptr<SharedState> state = make_file_state(loop, folder.path() / "data/current_project.json");
  Projects projects{metrics, *state, store, jobs, {folder.path()}};
  Retriever retriever{loop, store, *embedder};
  std::unique_ptr<SymbolIndex> symbols = make_derived_symbols(loop, store);
  std::unique_ptr<ConversationStore> conversations = open_conversation_store(loop, folder.path() / "data");
  Crew crew{{loop, retriever, *symbols, runner}};
  ChatRuns chat_runs{loop};
  ApiServices api{.loop = loop,
                  .metrics = metrics,
                  .projects = &projects,
                  .retriever = &retriever,
                  .symbols = symbols.get(),
                  .crew = &crew,
                  .chat_runs = &chat_runs,
                  .conversations = conversations.get(),
                  .runner = &runner};
  RunnerServices runner_service{.loop = loop, .runner = &runner};
  HttpServer server{loop, make_router(), {}, Log::none(), metrics};
  std::unique_ptr<HttpClient> client;

 private:
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
