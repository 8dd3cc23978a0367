// What the routes of the Crew API and of the Runner call, over fakes of the seams; and a project with a file in it.
#pragma once

#include <memory>

#include "codehelper/api/routes.hpp"
#include "support/fake_command_runner.hpp"
#include "support/fake_ingest_jobs.hpp"
#include "support/fake_vector_store.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

struct FakeServices {
  using MakeState = std::unique_ptr<SharedState> (*)(FakeServices&);

  /// `make_state` is given `loop` and `folder`, which are there by then.
  explicit FakeServices(MakeState make_state) : state(make_state(*this)) {
    folder.write("repo/parser.py", "def parse_headers(text):\n    return text.split()\n");
    Chunk chunk;
    chunk.path = "parser.py";
    chunk.language = "python";
    chunk.symbol = "parse_headers";
    chunk.end_line = 2;
    chunk.text = "def parse_headers(text):\n    return text.split()\n";
    store.fill(embedder->identity(), {std::move(chunk)});
  }
  ~FakeServices() { run_until_done(loop, chat_runs.shut_down()); }
  FakeServices(const FakeServices&) = delete;
  FakeServices& operator=(const FakeServices&) = delete;

  /// What the fakes recorded.
  void forget() {
    jobs.answer = {};
    jobs.started.clear();
    jobs.cancelled.clear();
    runner.asked.clear();
  }

  TemporaryDirectory folder;
  EventLoop loop{2};
  Metrics metrics;
  FakeVectorStore store;
  FakeIngestJobs jobs;
  FakeCommandRunner runner;
  std::unique_ptr<Embedder> embedder = make_hashing_embedder(loop);
  std::unique_ptr<SharedState> state;
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
};

}  // namespace codehelper::test
