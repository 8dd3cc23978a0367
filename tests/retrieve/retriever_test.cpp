#include "codehelper/retrieve/retriever.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <latch>

#include "../../src/retrieve/rank_fusion.hpp"
#include "codehelper/index/chunker.hpp"
#include "codehelper/retrieve/citation_check.hpp"
#include "support/index_samples.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper {
namespace {

struct Fixture {
  test::TemporaryDirectory data;
  EventLoop loop;
  Project project{"/a", "/a"};
  std::unique_ptr<VectorStore> store = open_embedded_store(loop, data.path());
  std::unique_ptr<Embedder> embedder = make_hashing_embedder(loop);
  Retriever retriever{loop, *store, *embedder};
  IndexMarker marker = [this] {
    IndexMarker made = test::make_ready_marker();
    made.embedder = embedder->identity();
    made.dimension = *run_until_done(loop, embedder->find_dimension({}));
    return made;
  }();

  void add(std::vector<Chunk> chunks) {
    IndexBatch batch;
    FileChunks& file = batch.files.emplace_back();
    file.file.path = chunks.front().path;
    for (const Chunk& chunk : chunks) {
      std::vector<std::string> texts{chunk.text};
      file.embeddings.push_back(
          run_until_done(loop, embedder->embed({}, TextRole::passage, std::move(texts)))->front());
    }
    file.chunks = std::move(chunks);
    batch.marker = marker;
    REQUIRE(run_until_done(loop, store->apply({}, project, std::move(batch))));
  }
  void add(const std::string& path, const std::string& text) { add({test::make_chunk(path, 1, text)}); }
  /// As the indexer would cut it.
  void add_source(const std::string& path, const std::string& source) { add(chunk_file(path, source)); }

  SearchResult search_whole(std::string question) {
    SearchRequest request;
    request.question = std::move(question);
    auto result = run_until_done(loop, retriever.search({}, project, std::move(request)));
    REQUIRE(result);
    return std::move(*result);
  }
  std::vector<SearchHit> search(std::string question) { return search_whole(std::move(question)).hits; }
  std::string first(std::string question) {
    const auto hits = search(std::move(question));
    return hits.empty() ? "" : hits.front().path;
  }
};

Chunk defining(Chunk chunk, std::string name) {
  chunk.symbol = name;
  chunk.definitions = {std::move(name)};
  return chunk;
}

Task<void> occupy_pool(EventLoop& loop, std::vector<std::string>& log, std::string entry);

/// Tells when it was asked, and leaves the pool occupied with each answer.
class RecordingStore final : public VectorStore {
 public:
  RecordingStore(EventLoop& loop, std::vector<std::string>& log) : loop_(loop), log_(log) {}

  Task<Result<std::optional<IndexMarker>>> load_marker(RequestContext /*context*/, Project /*project*/) override {
    IndexMarker marker = test::make_ready_marker();
    marker.embedder = "recording";
    marker.dimension = 1;
    co_return marker;
  }
  Task<Result<std::vector<IndexedFile>>> list_files(RequestContext /*context*/, Project /*project*/) override {
    co_return std::vector<IndexedFile>{};
  }
  Task<Result<void>> apply(RequestContext /*context*/, Project /*project*/, IndexBatch /*batch*/) override {
    co_return Result<void>{};
  }
  Task<Result<ChunkHits>> query(RequestContext /*context*/, Project /*project*/, ChunkQuery /*query*/) override {
    log_.emplace_back("queried");
    co_await occupy_pool(loop_, log_, "ran during fusion");
    ChunkHits hits;
    hits.lexical.push_back({1, 1, test::make_chunk("a.py", 1, "word\n")});
    co_return hits;
  }
  Task<Result<ChunksById>> load_chunks(RequestContext /*context*/, Project /*project*/,
                                       std::vector<std::int64_t> /*ids*/) override {
    co_return loaded;
  }
  Task<Result<void>> drop(RequestContext /*context*/, Project /*project*/) override { co_return Result<void>{}; }

  ChunksById loaded{{1, test::make_chunk("a.py", 1, "word\n")}};

 private:
  EventLoop& loop_;
  std::vector<std::string>& log_;
};

class RecordingEmbedder final : public Embedder {
 public:
  std::string identity() const override { return "recording"; }
  double weight() const override { return 1; }
  Task<Result<std::size_t>> find_dimension(RequestContext /*context*/) override { co_return std::size_t{1}; }
  Task<Result<std::vector<Embedding>>> embed(RequestContext /*context*/, TextRole role,
                                             std::vector<std::string> texts) override {
    if (role != TextRole::question) co_return fail(ErrorCode::internal, "what is asked is a question");
    if (is_down) co_return fail(ErrorCode::unavailable, "the embedder is down");
    embedded = texts;
    co_return std::vector<Embedding>(texts.size(), Embedding{1});
  }

  std::vector<std::string> embedded;
  bool is_down = false;
};

/// Occupies the only thread of the loop's pool until the loop comes to a task that is posted here.
Task<void> occupy_pool(EventLoop& loop, std::vector<std::string>& log, std::string entry) {
  auto gate = std::make_shared<std::latch>(1);
  auto wait = [gate] {
    gate->wait();
    return true;
  };
  boost::asio::co_spawn(loop.executor(), loop.run_blocking(std::move(wait)), boost::asio::detached);
  co_await boost::asio::post(loop.executor(), boost::asio::use_awaitable);  // the pool has it now
  boost::asio::post(loop.executor(), [gate, &log, entry = std::move(entry)] {
    log.push_back(entry);
    gate->count_down();
  });
}

Task<Result<SearchResult>> search_with_busy_pool(EventLoop& loop, Retriever& retriever, std::vector<std::string>& log) {
  co_await occupy_pool(loop, log, "ran during reading");
  auto result = co_await retriever.search({}, {"/a", "/a"}, {"word"});
  log.emplace_back("answered");
  co_return result;
}

}  // namespace

TEST_CASE("retriever: the loop runs other tasks while a question is read and while hits are fused") {
  std::vector<std::string> log;
  EventLoop loop(1);
  RecordingStore store(loop, log);
  RecordingEmbedder embedder;
  Retriever retriever(loop, store, embedder);

  auto result = run_until_done(loop, search_with_busy_pool(loop, retriever, log));

  REQUIRE(result);
  CHECK(result->hits.size() == 1);
  CHECK(log == std::vector<std::string>{"ran during reading", "queried", "ran during fusion", "answered"});
}

TEST_CASE("retriever: a place that is written anew between its rank and its text is no hit") {
  std::vector<std::string> log;
  EventLoop loop(1);
  RecordingStore store(loop, log);
  RecordingEmbedder embedder;
  Retriever retriever(loop, store, embedder);
  store.loaded = GENERATE(ChunksById{}, ChunksById{{1, test::make_chunk("a.py", 2, "word\n")}},
                          ChunksById{{1, test::make_chunk("b.py", 1, "word\n")}});

  auto result = run_until_done(loop, retriever.search({}, {"/a", "/a"}, {"word"}));

  REQUIRE(result);
  CHECK(result->hits.empty());
}

TEST_CASE("retriever: what comes after the first 64 KiB of a question is not read, and no character is cut") {
  std::vector<std::string> log;
  EventLoop loop(1);
  RecordingStore store(loop, log);
  RecordingEmbedder embedder;
  Retriever retriever(loop, store, embedder);
  SearchRequest request;
  request.question = "word" + std::string(kMaxQuestionBytes - 5, ' ') + "ß" + std::string(1'000'000, 'x');

  auto result = run_until_done(loop, retriever.search({}, {"/a", "/a"}, request));

  REQUIRE(result);
  REQUIRE(embedder.embedded.size() == 1);
  CHECK(embedder.embedded[0].size() == kMaxQuestionBytes - 1);
  CHECK(embedder.embedded[0].ends_with("d" + std::string(kMaxQuestionBytes - 5, ' ')));
}

TEST_CASE("retriever: a project without a finished index is not found, with the way out") {
  Fixture fixture;

  auto none = run_until_done(fixture.loop, fixture.retriever.search({}, fixture.project, {"word"}));
  fixture.marker.finished_at.clear();
  fixture.add("a.py", "word\n");
  auto unfinished = run_until_done(fixture.loop, fixture.retriever.search({}, fixture.project, {"word"}));

  REQUIRE_FALSE(none);
  CHECK(none.error().code == ErrorCode::not_found);
  CHECK(none.error().message.find("POST /project") != std::string::npos);
  REQUIRE_FALSE(unfinished);
  CHECK(unfinished.error().code == ErrorCode::not_found);
}

TEST_CASE("retriever: an index of another embedder is refused") {
  Fixture fixture;
  fixture.marker.embedder = "another";
  fixture.add("a.py", "word\n");

  auto result = run_until_done(fixture.loop, fixture.retriever.search({}, fixture.project, {"word"}));

  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::conflict);
  CHECK(result.error().message.find("reindex") != std::string::npos);
}

TEST_CASE("retriever: an index of vectors of another dimension is refused too") {
  Fixture fixture;
  fixture.marker.dimension = 3;
  fixture.add("a.py", "word\n");

  auto result = run_until_done(fixture.loop, fixture.retriever.search({}, fixture.project, {"word"}));

  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::conflict);
}

TEST_CASE("retriever: with the embedder down a question is answered by its words, and it says so") {
  std::vector<std::string> log;
  EventLoop loop(1);
  RecordingStore store(loop, log);
  RecordingEmbedder embedder;
  embedder.is_down = true;
  Retriever retriever(loop, store, embedder);

  auto result = run_until_done(loop, retriever.search({}, {"/a", "/a"}, {"word"}));

  REQUIRE(result);
  CHECK(result->hits.size() == 1);
  CHECK(result->semantic_missing_because == "the embedder is down");
}

TEST_CASE(
    "retriever: like vectors count as much as like words with an embedder of weight one, little with the hashed one") {
  ChunkHits hits;
  hits.lexical = {{1, 10, test::make_chunk("words.py", 1, "word\n")}, {2, 6, test::make_chunk("meaning.py", 1, "x\n")}};
  hits.semantic = {{2, 0.9, test::make_chunk("meaning.py", 1, "x\n")},
                   {1, 0.3, test::make_chunk("words.py", 1, "word\n")}};

  const Question question = read_question(read_narrowing("word"));
  const std::vector<QueryTerm> terms{{"word", 1}};
  const FileVotes votes;
  const auto trained = fuse_hits({question, terms, 1.0, votes}, hits);
  const auto hashed = fuse_hits({question, terms, 0.2, votes}, hits);

  CHECK(trained.front().chunk.path == "meaning.py");
  CHECK(hashed.front().chunk.path == "words.py");
}

TEST_CASE("retriever: between files that fit alike the one that says it in other words too is first") {
  ChunkHits hits;
  hits.lexical = {{1, 10, test::make_chunk("a.py", 1, "word\n")}, {2, 10, test::make_chunk("b.py", 1, "word\n")}};
  hits.learned = {{2, 0.9, test::make_chunk("b.py", 1, "word\n")}, {3, 0.6, test::make_chunk("c.py", 1, "x\n")}};

  const Question question = read_question(read_narrowing("word"));
  const std::vector<QueryTerm> terms{{"word", 1}};
  const FileVotes votes;
  const auto fused = fuse_hits({question, terms, 0.2, votes}, hits);

  REQUIRE(fused.size() == 3);
  CHECK(fused[0].chunk.path == "b.py");
  CHECK(fused[0].evidence.learned > 0);
  CHECK(fused[0].evidence.file_learned == fused[0].evidence.learned);
  CHECK(fused[1].evidence.learned == 0);
  CHECK(fused[2].chunk.path == "c.py");
}

TEST_CASE("retriever: between files that fit alike the history decides") {
  ChunkHits hits;
  hits.lexical = {{1, 10, test::make_chunk("a.py", 1, "word\n")}, {2, 9.5, test::make_chunk("b.py", 1, "word\n")}};
  const Question question = read_question(read_narrowing("word"));
  const std::vector<QueryTerm> terms{{"word", 1}};
  const FileVotes none;
  const FileVotes votes{{"b.py", 1}, {"gone.py", 1}};

  CHECK(fuse_hits({question, terms, 0.2, none}, hits).front().chunk.path == "a.py");
  const auto fused = fuse_hits({question, terms, 0.2, votes}, hits);
  CHECK(fused.front().chunk.path == "b.py");
  CHECK(fused.front().evidence.file_history > 0);
  CHECK(fused.back().evidence.file_history == 0);
}

TEST_CASE("citation check: hits whose lines only moved are found again, nearest first, and others are left out") {
  test::TemporaryDirectory tree;
  tree.write("a.py", "new\nnew\none\ntwo\nxone\ntwo\n");
  const auto hit = [](std::string path, int first, int last, std::string text) {
    SearchHit made;
    made.path = std::move(path);
    made.start_line = first;
    made.end_line = last;
    made.text = std::move(text);
    return made;
  };

  const auto kept = keep_true_hits(
      tree.path(), {hit("a.py", 1, 2, "new\nnew\n"), hit("a.py", 1, 2, "one\ntwo\n"), hit("a.py", 1, 1, "gone\n"),
                    hit("b.py", 1, 1, "one\n"), hit("a.py", 1, 1, "on"), hit("a.py", 5, 5, "two\n")});

  REQUIRE(kept.size() == 3);
  CHECK(kept[1].start_line == 3);
  CHECK(kept[1].end_line == 4);
  CHECK((kept[2].start_line == 4 || kept[2].start_line == 6));
  CHECK(keep_true_hits(tree.path() / "gone", {hit("a.py", 1, 1, "one\n")}).size() == 1);
}

TEST_CASE("retriever: a question without a word has no hit and no error") {
  Fixture fixture;
  fixture.add("a.py", "word\n");

  CHECK(fixture.search("").empty());
  CHECK(fixture.search(" \n?").empty());
}

TEST_CASE("retriever: words find the identifier that joins them") {
  Fixture fixture;
  fixture.add("batch.cc", "class WriteBatch {};\n");
  fixture.add("other.cc", "class ReadOptions { int batch_size; };\n");

  CHECK(fixture.first("write batch") == "batch.cc");
}

TEST_CASE("retriever: a name alone gives its definition before its uses") {
  Fixture fixture;
  fixture.add("uses.py", "load_config(); load_config(); load_config(); load_config()\n");
  fixture.add({defining(test::make_chunk("deep/config.py", 1,
                                         "def load_config(path, defaults, reader):\n  '''Long text about files.'''\n"
                                         "  return reader.parse(path, defaults)\n"),
                        "load_config")});

  CHECK(fixture.first("load_config") == "deep/config.py");
  CHECK(fixture.first("`load_config()`?") == "deep/config.py");
}

TEST_CASE("retriever: a long definition comes before three hundred callers") {
  Fixture fixture;
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    fixture.add("callers/caller" + number + ".py", "flush_ledger(); flush_ledger(); flush_ledger()\n");
  }
  std::string body = "def flush_ledger(entries):\n";
  for (int i = 0; i < 90; ++i) body += "    total_" + std::to_string(i) + " = compute_something_else(entries)\n";
  fixture.add({defining(test::make_chunk("z/ledger.py", 1, body), "flush_ledger")});

  for (const char* question : {"flush_ledger", "flush_ledger()", "flushLedger", "`ledger.flush_ledger`",
                               "where is flush_ledger defined?", "what does `flush_ledger` do"}) {
    CAPTURE(question);
    CHECK(fixture.first(question) == "z/ledger.py");
  }
}

TEST_CASE("retriever: a class of 500 lines is found by its name, head first") {
  Fixture fixture;
  std::string source = "#include <vector>\n\nclass LedgerWriter : public Writer {\n public:\n  LedgerWriter();\n";
  for (int i = 0; i < 125; ++i) {
    source += "  int step_" + std::to_string(i) + "(int value) {\n    return LedgerWriter::next(value);\n  }\n\n";
  }
  fixture.add_source("src/ledger_writer.h", source + "};\n");
  fixture.add_source("src/ledger_writer.cc", "LedgerWriter::LedgerWriter() : Writer(4) {\n  reset();\n}\n");
  fixture.add_source("src/main.cc", "int main() {\n  LedgerWriter ledger_writer;\n  LedgerWriter another;\n}\n");

  const auto hits = fixture.search("LedgerWriter");

  REQUIRE_FALSE(hits.empty());
  CHECK(hits.front().path == "src/ledger_writer.h");
  CHECK(hits.front().text.find("class LedgerWriter : public Writer {") != std::string::npos);
}

TEST_CASE("retriever: a function's body comes before its prototype, and that before its callers") {
  Fixture fixture;
  fixture.add_source("include/ledger.h",
                     "class Ledger {\n public:\n  // flush_all() writes all.\n  int flush_all(int limit) const;\n};\n");
  fixture.add_source("src/z_ledger.cc", "int Ledger::flush_all(int limit) const {\n  return limit + 1;\n}\n");
  fixture.add_source("src/use.cc", "int use(Ledger& flush_all) {\n  return flush_all.flush_all(2);\n}\n");

  for (const char* question : {"flush_all", "Ledger::flush_all"}) {
    CAPTURE(question);
    const auto hits = fixture.search(question);
    REQUIRE(hits.size() == 3);
    CHECK(hits[0].path == "src/z_ledger.cc");
    CHECK(hits[1].path == "include/ledger.h");
  }
}

TEST_CASE("retriever: a qualified name finds the member of that class, namespace, module, folder or file") {
  Fixture fixture;
  fixture.add_source("src/gadget.cc", "void Gadget::run() {\n  gadget_run();\n}\n");
  fixture.add_source("src/widget.cc", "void Widget::run() {\n  start();\n}\n");
  fixture.add_source("lib/motor.py", "def run(speed):\n    return speed\n");
  fixture.add_source("net/http/client.go", "package http\n\nfunc (c *Client) run() int {\n\treturn 1\n}\n");
  fixture.add_source("net/smtp/client.go", "package smtp\n\nfunc (c *Client) run() int {\n\treturn 1\n}\n");
  fixture.add_source("app/use.cc", "void use() {\n  Widget::run(); Gadget::run(); motor.run(); client.run();\n}\n");

  CHECK(fixture.first("Widget::run") == "src/widget.cc");
  CHECK(fixture.first("Widget.run") == "src/widget.cc");
  CHECK(fixture.first("widget->run()") == "src/widget.cc");
  CHECK(fixture.first("src/widget.cc:run") == "src/widget.cc");
  CHECK(fixture.first("Gadget::run") == "src/gadget.cc");
  CHECK(fixture.first("Gadget<T>::run") == "src/gadget.cc");
  CHECK(fixture.first("motor.run") == "lib/motor.py");
  CHECK(fixture.first("lib/motor.py:run") == "lib/motor.py");
  CHECK(fixture.first("net/http.Client.run") == "net/http/client.go");
  CHECK(fixture.first("(*smtp.Client).run") == "net/smtp/client.go");
  CHECK(fixture.first("how does Widget::run work?") == "src/widget.cc");
}

TEST_CASE("retriever: a qualifier that is nowhere hides no definition") {
  Fixture fixture;
  fixture.add_source("src/widget.cc", "void Widget::run_once() {\n  start();\n}\n");
  fixture.add("src/use.cc", "my_object.run_once(); my_object.run_once(); my_object\n");

  CHECK(fixture.first("my_object.run_once") == "src/widget.cc");
}

TEST_CASE("retriever: a name that is also a common word gives its definition, in a sentence it is a word") {
  Fixture fixture;
  fixture.add_source("z/engine.py", "def run(self, plan):\n    return plan.go()\n");
  for (int i = 0; i < 5; ++i) fixture.add("docs/page" + std::to_string(i) + ".md", "run run run the tests, run it\n");
  fixture.add("README.md", "How to run the tests: run the tests with make tests.\n");

  CHECK(fixture.first("run") == "z/engine.py");
  CHECK(fixture.first("how do I run the tests") != "z/engine.py");
}

TEST_CASE("retriever: a test that defines the same name comes after the source") {
  Fixture fixture;
  fixture.add_source("tests/a_test.py", "def make_ledger(size):\n    return [make_ledger] * size\n");
  fixture.add_source("z/ledger.py", "def make_ledger(size, owner, limit):\n    return Ledger(size, owner, limit)\n");

  const auto hits = fixture.search("make_ledger");

  REQUIRE(hits.size() == 2);
  CHECK(hits[0].path == "z/ledger.py");
  CHECK(hits[1].path == "tests/a_test.py");
}

TEST_CASE("retriever: a definition that only a test has comes before its callers") {
  Fixture fixture;
  fixture.add_source("tests/helpers.py", "def make_ledger(size):\n    return [0] * size\n");
  for (int i = 0; i < 120; ++i) {
    fixture.add("src/use" + std::to_string(i) + ".py", "make_ledger(1); make_ledger(2); make_ledger(3)\n");
  }

  CHECK(fixture.first("make_ledger") == "tests/helpers.py");
}

TEST_CASE("retriever: the name of a file is no definition") {
  Fixture fixture;
  fixture.add_source("src/testing.py", "class App:\n    def json(self):\n        return app.json\n");
  fixture.add("conf/app.json", "{\"name\": \"app\"}\n");

  CHECK(fixture.first("app.json") == "conf/app.json");
  CHECK(fixture.first("App.json") == "src/testing.py");
}

TEST_CASE("retriever: a test comes after the source, unless tests are asked for") {
  Fixture fixture;
  fixture.add("src/parser.py", "parse the header of a message\n");
  fixture.add("tests/test_parser.py", "parse the header of a message: parse header\n");

  CHECK(fixture.first("parse header") == "src/parser.py");
  CHECK(fixture.first("which test covers parse header") == "tests/test_parser.py");
}

TEST_CASE("retriever: a stack trace leads to the line it names") {
  Fixture fixture;
  fixture.add({test::make_chunk("src/app/views.py", 1, "a = 1\nb = 2\n"),
               test::make_chunk("src/app/views.py", 3, "c = 3\nd = 4\n")});
  fixture.add("src/app/models.py", "key error in lookup, KeyError lookup\n");

  const auto hits = fixture.search("KeyError\n  File \"/srv/src/app/views.py\", line 4, in show\nKeyError: lookup");

  REQUIRE_FALSE(hits.empty());
  CHECK(hits.front().path == "src/app/views.py");
  CHECK(hits.front().end_line >= 4);
}

TEST_CASE("retriever: neighbouring hits are one, with exactly their lines") {
  Fixture fixture;
  fixture.add({test::make_chunk("a.py", 1, "socket one\n"), test::make_chunk("a.py", 2, "socket two\n"),
               test::make_chunk("a.py", 5, "socket three\n")});

  const auto hits = fixture.search("socket");

  REQUIRE(hits.size() == 2);
  CHECK(hits[0].start_line == 1);
  CHECK(hits[0].end_line == 2);
  CHECK(hits[0].text == "socket one\nsocket two\n");
  CHECK(hits[1].start_line == 5);
}

TEST_CASE("retriever: the limits of hits hold, the best score is 1, and scores fall") {
  Fixture fixture;
  for (const char* path : {"a.py", "b.py", "c.py"}) {
    std::vector<Chunk> chunks;
    for (int i = 0; i < 5; ++i)
      chunks.push_back(test::make_chunk(path, 1 + 10 * i, "socket " + std::string(path) + "\n"));
    fixture.add(std::move(chunks));
  }
  SearchRequest request{"socket", 5, 2};

  auto result = run_until_done(fixture.loop, fixture.retriever.search({}, fixture.project, request));

  REQUIRE(result);
  REQUIRE(result->hits.size() == 5);
  CHECK(result->hits.front().score == Approx(1));
  for (std::size_t i = 1; i < 5; ++i) CHECK(result->hits[i].score <= result->hits[i - 1].score);
  CHECK(std::ranges::count(result->hits, "a.py", &SearchHit::path) == 2);
}

TEST_CASE("retriever: filters find what a hundred better places would hide") {
  Fixture fixture;
  for (int i = 0; i < 150; ++i) {
    fixture.add("many/file" + std::to_string(i) + ".py", "parse headers; parse headers; parse headers\n");
  }
  fixture.add("net/reader.go", "package net // it can parse, among much else that is said here, all of the headers\n");

  CHECK(fixture.first("parse headers") != "net/reader.go");
  CHECK(fixture.first("parse headers path:net/") == "net/reader.go");
  CHECK(fixture.first("parse headers path:*.go") == "net/reader.go");
  const SearchResult none = fixture.search_whole("parse headers path:nowhere lang:rust");
  CHECK(none.hits.empty());
  REQUIRE(none.notes.size() == 1);
  CHECK_THAT(none.notes[0], Catch::Contains("path:nowhere and lang:rust"));
}

TEST_CASE("retriever: a phrase narrows, and one that is nowhere is looked for word by word") {
  Fixture fixture;
  fixture.add("words.py", "file such no; file such no; file such no\n");
  fixture.add("phrase.py", "raise Error('No such file')\n");

  const SearchResult found = fixture.search_whole("\"no such file\"");
  const SearchResult missing = fixture.search_whole("\"such no such\"");

  REQUIRE(found.hits.size() == 1);
  CHECK(found.hits[0].path == "phrase.py");
  CHECK(found.notes.empty());
  CHECK(missing.hits.size() == 2);
  REQUIRE(missing.notes.size() == 1);
  CHECK_THAT(missing.notes[0], Catch::Contains("\"such no such\""));
}

TEST_CASE("retriever: the words of a path and of a symbol count more than words in passing") {
  Fixture fixture;
  fixture.add("a/notes.py", "# session cookie, here in passing and at equal length as the others\n");
  fixture.add("session/cookie.py", "# session cookie, here in passing and at equal length as the others\n");
  Chunk chunk = test::make_chunk("b/store.py", 1, "# session cookie, here in passing and at equal length as others\n");
  chunk.symbol = "SessionStore::cookie";
  fixture.add({chunk});

  const auto hits = fixture.search("session cookie");

  REQUIRE(hits.size() == 3);
  CHECK(hits[0].path == "session/cookie.py");
  CHECK(hits[1].path == "b/store.py");
}

TEST_CASE("retriever: of equal files the one beside the best file comes first") {
  Fixture fixture;
  fixture.add("proxy/upstream.go", "upstream health check health check upstream\n");
  fixture.add("a/limits.go", "func limit() { upstream }\n");
  fixture.add("proxy/limits.go", "func limit() { upstream }\n");

  const auto hits = fixture.search("upstream health check");

  REQUIRE(hits.size() == 3);
  CHECK(hits[0].path == "proxy/upstream.go");
  CHECK(hits[1].path == "proxy/limits.go");
}

TEST_CASE("retriever: says what each hit has its rank from, and what was cut") {
  Fixture fixture;
  std::vector<Chunk> chunks;
  for (int i = 0; i < 5; ++i) {
    chunks.push_back(test::make_chunk("ledger.py", 1 + 100 * i, "flush the ledger\n"));
  }
  fixture.add(std::move(chunks));
  fixture.add("tests/ledger_test.py", "flush the ledger\n");

  const SearchResult result = fixture.search_whole("flush ledger");

  REQUIRE(result.hits.size() == 4);
  CHECK(result.hits[0].evidence.words == Approx(1).margin(0.05));
  CHECK(result.hits[0].evidence.prior == 1);
  CHECK(result.hits.back().path == "tests/ledger_test.py");
  CHECK(result.hits.back().evidence.prior == 0.5);
  REQUIRE(result.cut.size() == 2);
  CHECK(result.cut[0].path == "ledger.py");
  CHECK(result.cut[0].reason == CutReason::per_file);
  REQUIRE(result.terms.size() >= 2);
  CHECK(std::ranges::any_of(result.terms,
                            [](const AskedTerm& term) { return term.text == "ledger" && term.rarity > 0; }));
}

}  // namespace codehelper
