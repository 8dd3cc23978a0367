#include "codehelper/retrieve/retriever.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

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
  Retriever retriever{*store, *embedder};
  IndexMarker marker = [this] {
    IndexMarker made = test::make_ready_marker();
    made.embedder = embedder->identity();
    return made;
  }();

  void add(std::vector<Chunk> chunks) {
    IndexBatch batch;
    FileChunks& file = batch.files.emplace_back();
    file.file.path = chunks.front().path;
    for (const Chunk& chunk : chunks) {
      std::vector<std::string> texts{chunk.text};
      file.embeddings.push_back(run_until_done(loop, embedder->embed({}, std::move(texts)))->front());
    }
    file.chunks = std::move(chunks);
    batch.marker = marker;
    REQUIRE(run_until_done(loop, store->apply({}, project, std::move(batch))));
  }
  void add(const std::string& path, const std::string& text) { add({test::make_chunk(path, 1, text)}); }

  std::vector<SearchHit> search(std::string question) {
    SearchRequest request;
    request.question = std::move(question);
    auto result = run_until_done(loop, retriever.search({}, project, std::move(request)));
    REQUIRE(result);
    return std::move(result->hits);
  }
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

}  // namespace

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

}  // namespace codehelper
