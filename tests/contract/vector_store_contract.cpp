#include "contract/vector_store_contract.hpp"

#include <catch2/catch.hpp>

#include <map>

#include "codehelper/index/chroma_store.hpp"
#include "support/chroma_server.hpp"
#include "support/index_samples.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

namespace {

/// A Chroma store that owns its client.
class ChromaStoreWithClient final : public VectorStore {
 public:
  ChromaStoreWithClient(EventLoop& loop, std::shared_ptr<ChromaServer> server) : server_(std::move(server)) {
    HttpClientOptions options;
    options.base_url = server_->url();
    client_ = HttpClient::make(loop, std::move(options)).value();
    store_ = make_chroma_store(loop, *client_, {});
  }

  Task<Result<std::optional<IndexMarker>>> load_marker(RequestContext context, Project project) override {
    return store_->load_marker(std::move(context), std::move(project));
  }
  Task<Result<std::vector<IndexedFile>>> list_files(RequestContext context, Project project) override {
    return store_->list_files(std::move(context), std::move(project));
  }
  Task<Result<void>> apply(RequestContext context, Project project, IndexBatch batch) override {
    return store_->apply(std::move(context), std::move(project), std::move(batch));
  }
  Task<Result<ChunkHits>> query(RequestContext context, Project project, ChunkQuery query) override {
    return store_->query(std::move(context), std::move(project), std::move(query));
  }
  Task<Result<ChunksById>> load_chunks(RequestContext context, Project project,
                                       std::vector<std::int64_t> ids) override {
    return store_->load_chunks(std::move(context), std::move(project), std::move(ids));
  }
  Task<Result<void>> drop(RequestContext context, Project project) override {
    return store_->drop(std::move(context), std::move(project));
  }

 private:
  std::shared_ptr<ChromaServer> server_;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<ChromaStore> store_;
};

/// One server a directory, which ends with the last copy of the adapter.
VectorStoreAdapter make_chroma_adapter() {
  auto servers = std::make_shared<std::map<std::filesystem::path, std::shared_ptr<ChromaServer>>>();
  return {"chroma", [servers](EventLoop& loop, const std::filesystem::path& directory) {
            std::shared_ptr<ChromaServer>& server = (*servers)[directory];
            if (!server) server = std::make_shared<ChromaServer>(directory / "chroma");
            return std::make_unique<ChromaStoreWithClient>(loop, server);
          }};
}

}  // namespace

std::vector<VectorStoreAdapter> vector_store_adapters() {
  return {{"embedded", [](EventLoop& loop,
                          const std::filesystem::path& directory) { return open_embedded_store(loop, directory); }},
          make_chroma_adapter()};
}

namespace {

using Strings = std::vector<std::string>;

/// A store and a project in it; `reopen` makes a second store over the same data, as another process would.
class Bench {
 public:
  explicit Bench(const VectorStoreAdapter& adapter) : adapter_(adapter) { reopen(); }

  void reopen() { store_ = adapter_.open(loop_, directory_.path()); }
  std::unique_ptr<VectorStore> open_another() { return adapter_.open(loop_, directory_.path()); }

  Result<std::optional<IndexMarker>> marker() { return run_until_done(loop_, store_->load_marker({}, project_)); }
  Result<std::vector<IndexedFile>> files() { return run_until_done(loop_, store_->list_files({}, project_)); }
  Result<void> apply(IndexBatch batch) { return apply_with(*store_, std::move(batch)); }
  Result<void> apply_with(VectorStore& store, IndexBatch batch) {
    return run_until_done(loop_, store.apply({}, project_, std::move(batch)));
  }
  Result<ChunkHits> query(ChunkQuery query) {
    return run_until_done(loop_, store_->query({}, project_, std::move(query)));
  }
  Result<ChunksById> load(std::vector<std::int64_t> ids) {
    return run_until_done(loop_, store_->load_chunks({}, project_, std::move(ids)));
  }
  Result<void> drop() { return drop_with(*store_); }
  Result<void> drop_with(VectorStore& store) { return run_until_done(loop_, store.drop({}, project_)); }

  Strings found(std::string_view words) {
    auto hits = query(make_word_query(words));
    REQUIRE(hits);
    return paths_of(hits->lexical);
  }

  Project project_{"/posted", "/some/where/project"};

 private:
  TemporaryDirectory directory_;
  EventLoop loop_;
  VectorStoreAdapter adapter_;
  std::unique_ptr<VectorStore> store_;
};

IndexBatch batch_of(std::vector<FileChunks> files) {
  IndexBatch batch;
  batch.files = std::move(files);
  batch.marker = make_ready_marker();
  return batch;
}

}  // namespace

TEST_CASE("vector store: a project without an index has no marker, no files and refuses queries") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));

  auto marker = bench.marker();
  auto files = bench.files();
  auto hits = bench.query(make_word_query("word"));

  REQUIRE(marker);
  CHECK_FALSE(marker->has_value());
  REQUIRE(files);
  CHECK(files->empty());
  REQUIRE_FALSE(hits);
  CHECK(hits.error().code == ErrorCode::not_found);
}

TEST_CASE("vector store: gives back the marker and the files that were applied, also after it is opened again") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  IndexBatch batch = batch_of({make_file("b/two.cpp", {"beta\n", "gamma\n"}), make_file("a.cpp", {"alpha\n"})});
  batch.marker->cause = "none, \"quoted\"\n";
  batch.marker->skipped = 7;

  REQUIRE(bench.apply(batch));
  bench.reopen();
  auto marker = bench.marker();
  auto files = bench.files();

  REQUIRE((marker && marker->has_value()));
  CHECK((*marker)->state == IndexState::ready);
  CHECK((*marker)->cause == "none, \"quoted\"\n");
  CHECK((*marker)->project_path == "/posted");
  CHECK((*marker)->embedder == "two-dimensions");
  CHECK((*marker)->dimension == 2);
  CHECK((*marker)->skipped == 7);
  CHECK((*marker)->finished_at == "2026-01-02T03:04:05Z");
  REQUIRE(files);
  REQUIRE(files->size() == 2);
  CHECK((*files)[0] == IndexedFile{"a.cpp", std::string(40, 'a'), 10, 1000, 1});
  CHECK((*files)[1] == IndexedFile{"b/two.cpp", std::string(40, 'a'), 10, 1000, 2});
}

TEST_CASE("vector store: a hit is the chunk that was stored") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  FileChunks file = make_file("src/größe 1.cpp", {"// naïve 大きさ\r\nint size_of_thing;"});
  file.chunks[0].symbol = "Thing::size";
  file.chunks[0].definitions = {"Thing", "size_of_thing"};
  const Chunk expected = file.chunks[0];

  REQUIRE(bench.apply(batch_of({file})));
  auto hits = bench.query(make_word_query("size"));

  REQUIRE(hits);
  REQUIRE(hits->lexical.size() == 1);
  CHECK(hits->lexical[0].chunk == expected);
  REQUIRE(hits->files.size() == 1);
  CHECK(hits->files[0].path == expected.path);
}

TEST_CASE("vector store: a chunk with more of the words comes first, one with none is no hit") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(
      bench.apply(batch_of({make_file("none.cpp", {"unrelated text\n"}), make_file("one.cpp", {"parse other things\n"}),
                            make_file("two.cpp", {"parse the header\n"})})));

  CHECK(bench.found("parse header") == Strings{"two.cpp", "one.cpp"});
}

TEST_CASE("vector store: a word of more weight counts more") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"left\n"}), make_file("b.cpp", {"right\n"})})));
  ChunkQuery query;
  query.terms = {{"left", 0.5}, {"right", 2}};

  auto hits = bench.query(query);

  REQUIRE(hits);
  CHECK(paths_of(hits->lexical) == Strings{"b.cpp", "a.cpp"});
}

TEST_CASE("vector store: the semantic leg orders by cosine") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  FileChunks file = make_file("a.cpp", {"first\n", "second\n", "third\n"});
  file.embeddings = {{0.6F, 0.8F}, {1, 0}, {-1, 0}};
  REQUIRE(bench.apply(batch_of({file})));
  ChunkQuery query;
  query.embedding = {1, 0};

  auto hits = bench.query(query);

  REQUIRE(hits);
  CHECK(hits->lexical.empty());
  REQUIRE(hits->semantic.size() >= 2);
  CHECK(hits->semantic[0].chunk.start_line == 2);
  CHECK(hits->semantic[0].score == Approx(1).margin(0.05));
  CHECK(hits->semantic[1].chunk.start_line == 1);
  CHECK(hits->semantic[1].score == Approx(0.6).margin(0.05));
}

TEST_CASE("vector store: every declaration of a name is in its leg, however long and whatever its case") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  FileChunks shorter = make_file("b.cpp", {"run widget\n", "widget run run run widget\n"});
  shorter.chunks[0].definitions = {"run"};
  FileChunks longer = make_file("a.cpp", {"widget run widget " + std::string(3000, '\n') + "other words\n"});
  longer.chunks[0].definitions = {"Other", "RUN"};
  FileChunks silent = make_file("0.cpp", {"nothing\n", "nothing\n"});
  silent.chunks[0].definitions = {"runner"};
  silent.chunks[1].definitions = {"_run"};
  REQUIRE(bench.apply(batch_of({shorter, longer, silent})));
  ChunkQuery query = make_word_query("widget");
  query.definition = "run";

  auto hits = bench.query(query);

  REQUIRE(hits);
  CHECK(paths_of(hits->definitions) == Strings{"a.cpp", "b.cpp", "0.cpp"});
  CHECK(hits->definitions[1].chunk == shorter.chunks[0]);
  CHECK(hits->definitions[2].chunk.start_line == 2);
  CHECK(hits->definitions[0].score > hits->definitions[1].score);
  query.terms.clear();
  query.limit = 2;
  CHECK(paths_of(bench.query(query)->definitions) == Strings{"0.cpp", "a.cpp"});
  query.definition.clear();
  CHECK(bench.query(query)->definitions.empty());
  query.definition = "never_declared";
  CHECK(bench.query(query)->definitions.empty());
}

TEST_CASE("vector store: texts that a query leaves out are loaded by id, those of declarations it brings") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  FileChunks file = make_file("a.cpp", {"widget run\n", "widget stop\n"});
  file.chunks[0].definitions = {"run"};
  REQUIRE(bench.apply(batch_of({file})));
  ChunkQuery query = make_word_query("widget");
  query.definition = "run";
  query.texts = ChunkTexts::definitions;
  auto hits = bench.query(query);
  REQUIRE(hits);
  REQUIRE(hits->lexical.size() == 2);
  CHECK(hits->definitions.at(0).chunk == file.chunks[0]);

  const std::vector<std::int64_t> ids{hits->lexical[0].id, hits->lexical[1].id};
  auto loaded = bench.load(ids);
  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"other\n"})})));
  auto left = bench.load(ids);

  REQUIRE(loaded);
  REQUIRE(loaded->size() == 2);
  for (const ScoredChunk& hit : hits->lexical) {
    CHECK(loaded->at(hit.id) == file.chunks[static_cast<std::size_t>(hit.chunk.start_line - 1)]);
  }
  REQUIRE(left);
  for (const auto& [id, chunk] : *left) CHECK(chunk.text == "other\n");  // an id may have been given anew
  CHECK(left->size() < 2);
}

TEST_CASE("vector store: a declaration that was replaced is gone from its leg") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  FileChunks file = make_file("a.cpp", {"word\n"});
  file.chunks[0].definitions = {"run"};
  REQUIRE(bench.apply(batch_of({file})));
  ChunkQuery query;
  query.definition = "run";
  REQUIRE(bench.query(query)->definitions.size() == 1);

  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"word\n"})})));

  CHECK(bench.query(query)->definitions.empty());
}

TEST_CASE("vector store: a file that is applied again replaces its earlier chunks") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"old words\n", "old again\n"}), make_file("b.cpp", {"other\n"})})));
  REQUIRE(bench.found("old").size() == 2);

  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"fresh words\n"})})));

  CHECK(bench.found("old").empty());
  CHECK(bench.found("fresh") == Strings{"a.cpp"});
  CHECK(bench.found("other") == Strings{"b.cpp"});
  CHECK(bench.files()->size() == 2);
}

TEST_CASE("vector store: removed paths are gone, touched files keep their chunks") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(bench.apply(batch_of({make_file("gone.cpp", {"word\n"}), make_file("kept.cpp", {"word\n"})})));
  IndexBatch batch;
  batch.removed_paths = {"gone.cpp", "never/there.cpp"};
  batch.touched = {{"kept.cpp", std::string(40, 'a'), 10, 2000, 0}};

  REQUIRE(bench.apply(batch));

  CHECK(bench.found("word") == Strings{"kept.cpp"});
  auto files = bench.files();
  REQUIRE(files);
  REQUIRE(files->size() == 1);
  CHECK((*files)[0].modified_ns == 2000);
  CHECK((*files)[0].chunks == 1);
  CHECK((*bench.marker())->finished_at == make_ready_marker().finished_at);
}

TEST_CASE("vector store: a batch that can't be written as a whole leaves nothing of itself") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"before\n"})})));
  IndexBatch batch = batch_of({make_file("a.cpp", {"after\n"}), make_file("b.cpp", {"after\n"})});
  batch.files[1].embeddings.clear();

  CHECK_FALSE(bench.apply(batch));

  CHECK(bench.found("before") == Strings{"a.cpp"});
  CHECK(bench.found("after").empty());
}

TEST_CASE("vector store: what another writer commits is seen by the next query") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"word\n"})})));
  REQUIRE(bench.found("word").size() == 1);

  auto writer = bench.open_another();
  REQUIRE(bench.apply_with(*writer, batch_of({make_file("b.cpp", {"word\n"})})));

  CHECK(bench.found("word") == Strings{"a.cpp", "b.cpp"});
}

TEST_CASE("vector store: equal scores are ordered by path and line, however the files came in") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(bench.apply(batch_of({make_file("c.cpp", {"word\n", "word\n"})})));
  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"word\n"}), make_file("d.cpp", {"word\n"})})));
  REQUIRE(bench.apply(batch_of({make_file("b.cpp", {"word\n"})})));

  auto hits = bench.query(make_word_query("word"));

  REQUIRE(hits);
  CHECK(paths_of(hits->lexical) == Strings{"a.cpp", "b.cpp", "c.cpp", "c.cpp", "d.cpp"});
  CHECK(hits->lexical[2].chunk.start_line == 1);
  CHECK(hits->lexical[3].chunk.start_line == 2);
}

TEST_CASE("vector store: scores do not depend on the history of the index") {
  const VectorStoreAdapter adapter = GENERATE(from_range(vector_store_adapters()));
  Bench changed(adapter);
  Bench clean(adapter);
  std::vector<FileChunks> files;
  for (std::size_t i = 0; i < 10; ++i) {
    files.push_back(make_file("file" + std::to_string(i) + ".cpp", {"shared word " + std::string(i % 5, 'x') + "\n"}));
    REQUIRE(changed.apply(batch_of({make_file(files.back().file.path, {"shared earlier text\n", "more\n"})})));
    REQUIRE(changed.found("earlier").size() == 1);
    REQUIRE(changed.apply(batch_of({files.back()})));
  }
  REQUIRE(clean.apply(batch_of(files)));

  auto left = changed.query(make_word_query("shared word xx"));
  auto right = clean.query(make_word_query("shared word xx"));

  REQUIRE(left);
  REQUIRE(right);
  REQUIRE(paths_of(left->lexical) == paths_of(right->lexical));
  for (std::size_t i = 0; i < left->lexical.size(); ++i) CHECK(left->lexical[i].score == right->lexical[i].score);
  for (std::size_t i = 0; i < left->files.size(); ++i) CHECK(left->files[i].score == right->files[i].score);
}

TEST_CASE("vector store: the limit holds for each leg") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"word\n", "word\n", "word\n"}), make_file("b.cpp", {"word\n"})})));
  ChunkQuery query = make_word_query("word");
  query.embedding = {1, 0};
  query.limit = 2;
  query.semantic_limit = 3;

  auto hits = bench.query(query);

  REQUIRE(hits);
  CHECK(hits->lexical.size() == 2);
  CHECK(hits->semantic.size() == 3);
}

TEST_CASE("vector store: the learned leg finds a place that says it in other words") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  IndexBatch batch = batch_of({make_file("other words.cpp", {"cderry\n"})});
  for (int topic = 0; topic < 100; ++topic) {  // more than a vector has dimensions
    const std::string name{static_cast<char>('a' + topic / 10), static_cast<char>('a' + topic % 10)};
    const std::string text = name + "pple " + name + "erry\n";
    batch.files.push_back(make_file(name + ".cpp", {text, text, text, text}));
  }
  REQUIRE(bench.apply(std::move(batch)));
  ChunkQuery query = make_word_query("cdpple");
  query.learned_limit = 5;

  auto hits = bench.query(query);

  REQUIRE(hits);
  CHECK(paths_of(hits->lexical) == Strings(4, "cd.cpp"));
  Strings learned = paths_of(hits->learned);
  CHECK(std::ranges::count(learned, "cd.cpp") == 4);
  CHECK(std::ranges::count(learned, "other words.cpp") == 1);

  REQUIRE(bench.apply(batch_of({make_file("more words.cpp", {"cderry\n"})})));
  query.learned_limit = 6;
  hits = bench.query(query);
  REQUIRE(hits);
  learned = paths_of(hits->learned);
  CHECK(std::ranges::count(learned, "other words.cpp") == 1);
  CHECK(std::ranges::count(learned, "more words.cpp") == 1);
}

TEST_CASE("vector store: a dropped index is gone and can be made again") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"word\n"})})));
  REQUIRE(bench.found("word").size() == 1);

  REQUIRE(bench.drop());
  REQUIRE(bench.drop());
  CHECK_FALSE(bench.marker()->has_value());
  REQUIRE(bench.apply(batch_of({make_file("b.cpp", {"word\n"})})));

  CHECK(bench.found("word") == Strings{"b.cpp"});
}

TEST_CASE("vector store: a reader notices that the index was dropped and made again elsewhere") {
  Bench bench(GENERATE(from_range(vector_store_adapters())));
  REQUIRE(bench.apply(batch_of({make_file("a.cpp", {"word\n"})})));
  REQUIRE(bench.found("word") == Strings{"a.cpp"});
  auto other = bench.open_another();
  REQUIRE(bench.drop_with(*other));
  REQUIRE(bench.apply_with(*other, batch_of({make_file("b.cpp", {"word\n"})})));

  CHECK(bench.found("word") == Strings{"b.cpp"});
}

}  // namespace codehelper::test
