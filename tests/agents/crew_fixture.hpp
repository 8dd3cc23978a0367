#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

#include "codehelper/agents/crew.hpp"
#include "codehelper/index/indexer.hpp"
#include "support/fake_command_runner.hpp"
#include "support/fake_language_model.hpp"
#include "support/fake_vector_store.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

// A crew over a real index of a small project.
struct CrewFixture {
  CrewFixture() {
    folder.write("repo/parser.py",
                 "def parse_headers(text):\n    \"\"\"Splits header lines.\"\"\"\n    return text.split()\n");
    folder.write("repo/server.py", "def start_server(port):\n    return listen(port)\n");
    folder.write("repo/tests/test_parser.py", "def test_parse_headers():\n    assert True\n");
    store = open_embedded_store(loop, folder.path() / "data");
    embedder = make_hashing_embedder(loop);
    project = open_project((folder.path() / "repo").string()).value();
  }

  void index() { REQUIRE(run_until_done(loop, index_project({}, project, *store, *embedder, loop, {}))); }

  ChatRequest make_request(const std::string& message) const {
    ChatRequest request;
    request.message = message;
    request.project = project;
    return request;
  }
  ChatAnswer ask(const std::string& message) { return ask(make_request(message), *store, {}); }
  ChatAnswer ask(const std::string& message, VectorStore& from) { return ask(make_request(message), from, {}); }
  ChatAnswer ask_model(const std::string& message) { return ask(make_request(message), *store, with_model()); }
  ChatAnswer ask_model(ChatRequest request) { return ask(std::move(request), *store, with_model()); }

  struct Extras {
    LanguageModel* model = nullptr;
    WebSearch* web = nullptr;
    ConversationStore* conversations = nullptr;
  };
  Extras with_model() { return {&model, web, conversations}; }
  ChatAnswer ask(ChatRequest request, VectorStore& from, Extras extras) {
    Retriever retriever(loop, from, *embedder);
    const auto symbols = make_derived_symbols(loop, from);
    Crew crew({loop, retriever, *symbols, runner, extras.model, extras.web, extras.conversations});
    events.clear();
    CrewSink on_event = [this](const CrewEvent& event) { events.push_back(event); };
    auto answer = run_until_done(loop, crew.answer({}, std::move(request), std::move(on_event)));
    REQUIRE(answer);
    return std::move(*answer);
  }
  template <class Event>
  std::vector<Event> events_of() const {
    std::vector<Event> found;
    for (const CrewEvent& event : events) {
      if (const auto* one = std::get_if<Event>(&event)) found.push_back(*one);
    }
    return found;
  }

  TemporaryDirectory folder;
  EventLoop loop{2};
  std::unique_ptr<VectorStore> store;
  std::unique_ptr<Embedder> embedder;
  Project project;
  FakeCommandRunner runner;
  FakeVectorStore fake_store;
  FakeLanguageModel model;
  WebSearch* web = nullptr;
  ConversationStore* conversations = nullptr;
  std::vector<CrewEvent> events;  // of the last answer
};

}  // namespace codehelper::test
