// What an index pass needn't do again: read what git knows, embed what was embedded.
#include <catch2/catch.hpp>

#include "codehelper/index/indexer.hpp"
#include "file_preparation.hpp"
#include "index/git_fixture.hpp"
#include "support/index_samples.hpp"

namespace codehelper {
namespace {

namespace fs = std::filesystem;

/// Remembers what it embedded; the vector says how long the text was.
class RecordingEmbedder final : public Embedder {
 public:
  explicit RecordingEmbedder(std::string identity = "recording") : identity_(std::move(identity)) {}

  std::string identity() const override { return identity_; }
  double weight() const override { return 1; }
  Task<Result<std::size_t>> find_dimension(RequestContext /*context*/) override { co_return 2; }
  Task<Result<std::vector<Embedding>>> embed(RequestContext /*context*/, TextRole /*role*/,
                                             std::vector<std::string> texts) override {
    std::vector<Embedding> vectors;
    for (std::string& text : texts) {
      vectors.push_back({static_cast<float>(text.size()), 1});
      embedded.push_back(std::move(text));
    }
    co_return vectors;
  }

  std::vector<std::string> embedded;

 private:
  std::string identity_;
};

std::string function_text(const std::string& name, int lines = 40) {
  std::string text = "def " + name + "():\n";
  for (int at = 0; at < lines; ++at) text += "    " + name + "_step(" + std::to_string(at) + ")\n";
  return text + "\n";
}

struct ReuseFixture : test::GitFixture {
  Result<IndexReport> index(const fs::path& root, Embedder& with, IndexOptions options = {}) {
    options.vectors = vectors.get();
    return run_until_done(loop, index_project({}, {root.string(), root}, *store, with, loop, std::move(options)));
  }
  Result<IndexReport> index() { return index(work.path(), embedder); }
  std::vector<std::string> found(const fs::path& root, std::string_view words) {
    const auto hits = run_until_done(loop, store->query({}, {root.string(), root}, test::make_word_query(words)));
    REQUIRE(hits);
    return test::paths_of(hits->lexical);
  }
  /// Chunks that were embedded since the last call.
  std::size_t embedded() { return std::exchange(embedder.embedded, {}).size(); }

  test::TemporaryDirectory data;
  EventLoop loop;
  std::unique_ptr<VectorStore> store = open_embedded_store(loop, data.path());
  std::unique_ptr<VectorReuse> vectors = open_embedded_vectors(loop, data.path());
  RecordingEmbedder embedder;
};

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(ReuseFixture, "index reuse: a renamed file is found under its new name and nothing is embedded") {
  work.write("old.py", function_text("alpha"));
  work.write("other.py", function_text("beta"));
  REQUIRE(index());
  REQUIRE(embedded() == 2);
  fs::create_directories(work.path() / "lib");
  fs::rename(work.path() / "old.py", work.path() / "lib/new.py");

  const auto report = index();

  REQUIRE(report);
  CHECK(embedded() == 0);
  CHECK(report->progress.embedded_chunks == 0);
  CHECK(found(work.path(), "alpha") == Paths{"lib/new.py"});
}

TEST_CASE_METHOD(ReuseFixture, "index reuse: of an edited file only the chunks that changed are embedded") {
  work.write("a.py", function_text("alpha") + function_text("beta") + function_text("gamma"));
  REQUIRE(index());
  REQUIRE(embedded() == 3);
  work.write("a.py", function_text("alpha") + function_text("delta") + function_text("gamma"));

  REQUIRE(index());

  CHECK(embedder.embedded.size() == 1);
  CHECK(embedder.embedded.at(0).contains("def delta()"));
  CHECK(found(work.path(), "beta").empty());
}

TEST_CASE_METHOD(ReuseFixture, "index reuse: another branch and back embeds nothing the second time") {
  work.write("a.py", function_text("alpha"));
  work.write("b.py", function_text("beta"));
  git("add . && git commit -qm one && git checkout -qb other");
  work.write("a.py", function_text("changed"));
  fs::remove(work.path() / "b.py");
  git("add -A && git commit -qm two && git checkout -q -");
  REQUIRE(index());
  REQUIRE(embedded() == 2);
  git("checkout -q other");
  REQUIRE(index());
  REQUIRE(embedded() == 1);

  git("checkout -q -");
  REQUIRE(index());
  CHECK(embedded() == 0);
  CHECK(found(work.path(), "alpha") == Paths{"a.py"});
  CHECK(found(work.path(), "beta") == Paths{"b.py"});
  git("checkout -q -");
  REQUIRE(index());
  CHECK(embedded() == 0);
  CHECK(found(work.path(), "changed") == Paths{"a.py"});
}

TEST_CASE_METHOD(ReuseFixture, "index reuse: the vectors that are used again are those of the same text") {
  work.write("a.py", function_text("alpha"));
  work.write("b.py", function_text("beta", 20));
  REQUIRE(index());
  fs::rename(work.path() / "a.py", work.path() / "c.py");
  fs::rename(work.path() / "b.py", work.path() / "d.py");
  REQUIRE(index());

  const Project project{work.path().string(), work.path()};
  ChunkQuery query;
  const auto beta_bytes = static_cast<float>(std::string("beta\n").size() + function_text("beta", 20).size() - 1);
  query.embedding = {beta_bytes, 1};
  const auto before = run_until_done(loop, store->query({}, project, query));
  REQUIRE(before);
  REQUIRE(before->semantic.size() == 2);
  IndexOptions from_scratch;
  from_scratch.from_scratch = true;
  REQUIRE(index(work.path(), embedder, from_scratch));
  const auto clean = run_until_done(loop, store->query({}, project, query));

  REQUIRE(clean);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(before->semantic[i].chunk == clean->semantic[i].chunk);
    CHECK(before->semantic[i].score == Approx(clean->semantic[i].score));
  }
}

TEST_CASE_METHOD(ReuseFixture, "index reuse: another embedder's vectors are never used") {
  work.write("a.py", function_text("alpha"));
  REQUIRE(index());
  RecordingEmbedder other("other");

  REQUIRE(index(work.path(), other));
  CHECK(other.embedded.size() == 1);

  other.embedded.clear();
  IndexOptions from_scratch;
  from_scratch.from_scratch = true;
  REQUIRE(index(work.path(), other, from_scratch));
  CHECK(other.embedded.size() == 1);
}

TEST_CASE_METHOD(ReuseFixture, "index reuse: two work trees of one repository don't mix") {
  work.write("a.py", function_text("alpha"));
  git("add . && git commit -qm one");
  const test::TemporaryDirectory beside;
  const auto tree = beside.path() / "tree";
  git("worktree add -q '" + tree.string() + "' -b other");
  beside.write("tree/a.py", function_text("omega"));

  REQUIRE(index());
  REQUIRE(index(tree, embedder));

  CHECK(found(work.path(), "alpha") == Paths{"a.py"});
  CHECK(found(work.path(), "omega").empty());
  CHECK(found(tree, "omega") == Paths{"a.py"});
  CHECK(found(tree, "alpha").empty());
}

TEST_CASE_METHOD(ReuseFixture, "index reuse: git's blob id is taken only while git knows the file as it is") {
  const auto file = work.write("a.py", "alpha = 1\n");
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  work.write("untracked.py", "beta = 1\n");
  git("add a.py");
  const auto blob_id = [&](std::size_t at) {
    const auto listing = list_source_files(work.path(), 1000);
    REQUIRE(listing);
    return listing->files.at(at).blob_id;
  };
  CHECK(blob_id(0) + "\n" == git("rev-parse :a.py"));
  CHECK(blob_id(1).empty());

  work.write("a.py", "gamma = 1\n");
  CHECK(blob_id(0).empty());
}

TEST_CASE_METHOD(ReuseFixture, "index reuse: what git's index was written beside is not proven") {
  work.write("a.py", "alpha = 1\n");
  git("add a.py");
  const auto index_file = work.path() / ".git/index";
  fs::last_write_time(index_file, fs::last_write_time(work.path() / "a.py"));

  const auto listing = list_source_files(work.path(), 1000);

  REQUIRE(listing);
  CHECK(listing->files.at(0).blob_id.empty());
}

TEST_CASE_METHOD(ReuseFixture, "index reuse: a file whose content git knows is not read") {
  work.write("a.py", "what is in it plays no part\n");
  SourceFile file{"a.py", 10, 5, 6, std::string(40, 'b')};
  const IndexedFile indexed{"a.py", std::string(40, 'b'), 10, 1, 3, 1};
  const auto prepare = [&] {
    const IndexedFiles known{{"a.py", indexed}};
    const auto prepared = prepare_files({work.path(), std::span(&file, 1), known, 1000});
    REQUIRE(prepared);
    return *prepared;
  };

  const auto known = prepare();
  REQUIRE(known.touched.size() == 1);
  CHECK(known.touched[0].modified_ns == 5);
  CHECK(known.touched[0].changed_ns == 6);
  CHECK(known.touched[0].chunks == 3);
  CHECK(known.changed.empty());

  file.size_bytes = 11;  // a filter of git's: the bytes are others than the blob's
  CHECK(prepare().changed.size() == 1);
  file.size_bytes = 10;
  file.blob_id = std::string(40, 'c');
  CHECK(prepare().changed.size() == 1);
  file.blob_id.clear();
  CHECK(prepare().changed.size() == 1);
}

}  // namespace codehelper
