#include "codehelper/index/indexer.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>

#include "support/index_samples.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper {
namespace {

namespace fs = std::filesystem;

/// Counts what is embedded, and has an identity of its own.
class CountingEmbedder final : public Embedder {
 public:
  explicit CountingEmbedder(std::string identity) : identity_(std::move(identity)) {}

  std::string identity() const override { return identity_; }
  double weight() const override { return 1; }
  Task<Result<std::size_t>> find_dimension(RequestContext /*context*/) override { co_return dimension; }
  Task<Result<std::vector<Embedding>>> embed(RequestContext /*context*/, TextRole role,
                                             std::vector<std::string> texts) override {
    if (is_down) co_return fail(ErrorCode::unavailable, "the embedder is down");
    if (role != TextRole::passage) co_return fail(ErrorCode::internal, "what is indexed is a passage");
    if (before_answer) before_answer();
    embedded += texts.size();
    Embedding vector(dimension, 0.0F);
    vector[0] = 1;
    co_return std::vector<Embedding>(texts.size(), vector);
  }

  std::size_t dimension = 2;
  std::size_t embedded = 0;
  bool is_down = false;
  std::function<void()> before_answer;

 private:
  std::string identity_;
};

struct Fixture {
  test::TemporaryDirectory source;
  test::TemporaryDirectory data;
  EventLoop loop;
  Project project{source.path().string(), source.path()};
  std::unique_ptr<VectorStore> store = open_embedded_store(loop, data.path());
  CountingEmbedder embedder{"one"};

  /// Writes a file that was changed long ago, so that its time is proven.
  void write(std::string_view path, std::string_view text) const {
    fs::last_write_time(source.write(path, text), fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  Result<IndexReport> index(IndexOptions options = {}) {
    return run_until_done(loop, index_project({}, project, *store, embedder, loop, std::move(options)));
  }
  IndexMarker marker() {
    auto marker = run_until_done(loop, store->load_marker({}, project));
    REQUIRE((marker && marker->has_value()));
    return **marker;
  }
  std::vector<std::string> found(std::string_view words) {
    auto hits = run_until_done(loop, store->query({}, project, test::make_word_query(words)));
    REQUIRE(hits);
    return test::paths_of(hits->lexical);
  }
};

using Paths = std::vector<std::string>;

/// Every fourth page from the eighth on.
void damage_pages(const fs::path& database) {
  const std::string noise(4096, 'x');
  std::fstream file(database, std::ios::in | std::ios::out | std::ios::binary);
  for (std::uint64_t at = 8 * noise.size(); at + noise.size() <= fs::file_size(database); at += 4 * noise.size()) {
    file.seekp(static_cast<std::streamoff>(at)) << noise;
  }
}

}  // namespace

TEST_CASE("indexer: indexes a folder and says what it did") {
  Fixture fixture;
  fixture.write("a.py", "def alpha():\n    return 1\n");
  fixture.write("lib/b.py", "def beta():\n    return alpha()\n");
  fixture.write("image.bin", std::string("\0\1\2", 3));
  std::vector<IndexProgress> progress;
  IndexOptions options;
  options.on_progress = [&](const IndexProgress& step) { progress.push_back(step); };

  auto report = fixture.index(options);

  REQUIRE(report);
  CHECK(report->marker.state == IndexState::ready);
  CHECK(report->marker.files == 2);
  CHECK(report->marker.chunks == 2);
  CHECK(report->marker.skipped == 1);
  CHECK(report->marker.embedder == "one");
  CHECK(report->marker.project_path == fixture.project.posted_path);
  CHECK(report->marker.finished_at.size() == std::string("2026-01-02T03:04:05Z").size());
  CHECK(report->skipped.size() == 1);
  REQUIRE_FALSE(progress.empty());
  CHECK(progress.back().files_total == 3);
  CHECK(progress.back().files_done == 3);
  CHECK(progress.back().chunks == 2);
  CHECK(fixture.marker().state == IndexState::ready);
  CHECK(fixture.found("beta") == Paths{"lib/b.py"});
}

TEST_CASE("indexer: a second pass embeds only what changed and removes what is gone") {
  Fixture fixture;
  fixture.write("gone.py", "gone = 1\n");
  fixture.write("kept.py", "kept = 1\n");
  fixture.write("changed.py", "before = 1\n");
  REQUIRE(fixture.index());
  REQUIRE(fixture.embedder.embedded == 3);
  fs::remove(fixture.source.path() / "gone.py");
  fixture.write("changed.py", "afterwards = 1\n");
  fixture.write("new.py", "fresh = 1\n");

  auto report = fixture.index();

  REQUIRE(report);
  CHECK(fixture.embedder.embedded == 5);
  CHECK(report->removed_files == 1);
  CHECK(report->progress.embedded_files == 2);
  CHECK(report->marker.files == 3);
  CHECK(report->marker.chunks == 3);
  CHECK(fixture.found("before").empty());
  CHECK(fixture.found("gone").empty());
  CHECK(fixture.found("afterwards") == Paths{"changed.py"});
  CHECK(fixture.found("kept") == Paths{"kept.py"});
}

TEST_CASE("indexer: a file of the same content and another time is not embedded again") {
  Fixture fixture;
  fixture.write("a.py", "alpha = 1\n");
  REQUIRE(fixture.index());
  fs::last_write_time(fixture.source.path() / "a.py", fs::file_time_type::clock::now() - std::chrono::hours(2));

  auto report = fixture.index();

  REQUIRE(report);
  CHECK(fixture.embedder.embedded == 1);
  CHECK(report->marker.chunks == 1);
  CHECK(fixture.found("alpha") == Paths{"a.py"});
}

TEST_CASE("indexer: a change within the tick of the clock in which the file was indexed is noticed") {
  Fixture fixture;
  const auto file = fixture.source.write("a.py", "alpha = 1\n");
  const auto time = fs::last_write_time(file);
  REQUIRE(fixture.index());
  fixture.source.write("a.py", "gamma = 1\n");
  fs::last_write_time(file, time);

  REQUIRE(fixture.index());

  CHECK(fixture.found("gamma") == Paths{"a.py"});
  CHECK(fixture.found("alpha").empty());
}

TEST_CASE("indexer: other content of the same size and time is noticed") {
  Fixture fixture;
  const auto file = fixture.source.path() / "a.py";
  fixture.write("a.py", "alpha = 1\n");
  const auto time = fs::last_write_time(file);
  REQUIRE(fixture.index());
  fixture.source.write("copy", "gamma = 1\n");
  fs::last_write_time(fixture.source.path() / "copy", time);
  fs::rename(fixture.source.path() / "copy", file);

  REQUIRE(fixture.index());

  CHECK(fixture.found("gamma") == Paths{"a.py"});
  CHECK(fixture.found("alpha").empty());
}

TEST_CASE("indexer: nothing to index is an error with the reasons, and the earlier index goes on answering") {
  Fixture fixture;
  fixture.write("a.py", "alpha = 1\n");
  REQUIRE(fixture.index());
  fs::remove(fixture.source.path() / "a.py");
  fixture.write("image.bin", std::string("\0\1\2", 3));

  auto report = fixture.index();

  REQUIRE_FALSE(report);
  CHECK(report.error().code == ErrorCode::invalid_input);
  CHECK(report.error().message.find("1 binary") != std::string::npos);
  CHECK(fixture.marker().state == IndexState::failed);
  CHECK(fixture.marker().cause == report.error().message);
  CHECK(fixture.marker().is_searchable());
  CHECK(fixture.found("alpha") == Paths{"a.py"});
}

TEST_CASE("indexer: a failure is written to the marker, and the next pass makes it good") {
  Fixture fixture;
  fixture.write("a.py", "alpha = 1\n");
  REQUIRE(fixture.index());
  fixture.write("b.py", "beta = 1\n");
  fixture.embedder.is_down = true;

  auto failed = fixture.index();

  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::unavailable);
  CHECK(fixture.marker().state == IndexState::failed);
  CHECK(fixture.marker().cause == "the embedder is down");
  CHECK(fixture.marker().files == 1);
  CHECK(fixture.found("alpha") == Paths{"a.py"});
  fixture.embedder.is_down = false;
  REQUIRE(fixture.index());
  CHECK(fixture.marker().state == IndexState::ready);
  CHECK(fixture.marker().cause.empty());
  CHECK(fixture.found("beta") == Paths{"b.py"});
}

TEST_CASE("indexer: another embedder redoes everything, and its vectors never stand beside the old ones") {
  Fixture fixture;
  fixture.write("a.py", "alpha = 1\n");
  REQUIRE(fixture.index());
  CountingEmbedder other("two");
  other.is_down = true;

  auto failed =
      run_until_done(fixture.loop, index_project({}, fixture.project, *fixture.store, other, fixture.loop, {}));

  REQUIRE_FALSE(failed);
  CHECK_FALSE(fixture.marker().is_searchable());
  CHECK(fixture.found("alpha").empty());
  other.is_down = false;
  REQUIRE(run_until_done(fixture.loop, index_project({}, fixture.project, *fixture.store, other, fixture.loop, {})));
  CHECK(other.embedded == 1);
  CHECK(fixture.marker().embedder == "two");
  CHECK(fixture.found("alpha") == Paths{"a.py"});
}

TEST_CASE("indexer: from scratch embeds everything again, also over a damaged file") {
  Fixture fixture;
  fixture.write("a.py", "alpha = 1\n");
  REQUIRE(fixture.index());
  IndexOptions options;
  options.from_scratch = true;

  REQUIRE(fixture.index(options));
  CHECK(fixture.embedder.embedded == 2);

  fixture.store.reset();  // folds the write-ahead log into the file
  std::ofstream(embedded_index_path(fixture.data.path(), fixture.project)) << std::string(9000, 'x');
  fixture.store = open_embedded_store(fixture.loop, fixture.data.path());
  CHECK_FALSE(fixture.index());
  REQUIRE(fixture.index(options));
  CHECK(fixture.found("alpha") == Paths{"a.py"});
}

TEST_CASE("indexer: damage is named by a pass that finds nothing to do, and repaired from scratch") {
  Fixture fixture;
  for (int i = 0; i < 300; ++i) fixture.write("f" + std::to_string(i) + ".py", "name = " + std::to_string(i) + "\n");
  REQUIRE(fixture.index());
  fixture.store.reset();  // folds the write-ahead log into the file
  const auto file = embedded_index_path(fixture.data.path(), fixture.project);
  damage_pages(file);
  fixture.store = open_embedded_store(fixture.loop, fixture.data.path());
  IndexOptions options;
  options.from_scratch = true;

  auto again = fixture.index();

  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::unavailable);
  CHECK(again.error().message.find(file.string()) != std::string::npos);
  REQUIRE(fixture.index(options));
  CHECK(fixture.found("299") == Paths{"f299.py"});
  CHECK(fixture.index().has_value());
}

TEST_CASE("indexer: damage that comes in the middle of a pass is named with the way out, which repairs it") {
  Fixture fixture;
  for (int i = 0; i < 300; ++i) fixture.write("f" + std::to_string(i) + ".py", "name = " + std::to_string(i) + "\n");
  REQUIRE(fixture.index());
  fixture.store.reset();  // folds the write-ahead log into the file
  const auto file = embedded_index_path(fixture.data.path(), fixture.project);
  fixture.store = open_embedded_store(fixture.loop, fixture.data.path());
  for (int i = 0; i < 300; ++i) fixture.write("f" + std::to_string(i) + ".py", "other = " + std::to_string(i) + "\n");
  fixture.embedder.before_answer = [&] { damage_pages(file); };
  IndexOptions options;
  options.from_scratch = true;

  auto damaged = fixture.index();
  fixture.embedder.before_answer = nullptr;
  auto again = fixture.index();

  for (const auto* result : {&damaged, &again}) {
    REQUIRE_FALSE(*result);
    CHECK(result->error().code == ErrorCode::unavailable);
    CHECK(result->error().message.find(file.string()) != std::string::npos);
    CHECK(result->error().message.find("--from-scratch") != std::string::npos);
    CHECK(result->error().message.find("\"reindex\": true") != std::string::npos);
  }
  REQUIRE(fixture.index(options));
  CHECK(fixture.found("299") == Paths{"f299.py"});
  CHECK(fixture.marker().state == IndexState::ready);
  CHECK(fixture.index().has_value());
}

TEST_CASE("indexer: a cancelled pass says so, keeps what it committed, and can be continued") {
  Fixture fixture;
  for (int i = 0; i < 1200; ++i) fixture.write("f" + std::to_string(i) + ".py", "name = " + std::to_string(i) + "\n");
  boost::asio::cancellation_signal signal;
  IndexOptions options;
  options.on_progress = [&](const IndexProgress& progress) {
    if (progress.files_done < progress.files_total) signal.emit(boost::asio::cancellation_type::terminal);
  };
  std::optional<Result<IndexReport>> result;
  auto task = index_project({}, fixture.project, *fixture.store, fixture.embedder, fixture.loop, options);

  boost::asio::co_spawn(fixture.loop.executor(), std::move(task),
                        boost::asio::bind_cancellation_slot(
                            signal.slot(), [&](std::exception_ptr, auto report) { result = std::move(report); }));
  fixture.loop.run();

  REQUIRE(result.has_value());
  REQUIRE_FALSE(*result);
  CHECK(result->error().code == ErrorCode::cancelled);
  CHECK(fixture.marker().state == IndexState::failed);
  const std::size_t first = fixture.embedder.embedded;
  CHECK(first > 0);
  CHECK(first < 1200);
  auto report = fixture.index();
  REQUIRE(report);
  CHECK(fixture.embedder.embedded == 1200);
  CHECK(report->marker.files == 1200);
}

TEST_CASE("indexer: a pass that is cancelled while it looks for files says so") {
  Fixture fixture;
  fixture.write("a.py", "name = 1\n");
  boost::asio::cancellation_signal signal;
  std::exception_ptr failure;
  std::optional<Result<IndexReport>> result;
  auto task = index_project({}, fixture.project, *fixture.store, fixture.embedder, fixture.loop, {});

  boost::asio::co_spawn(fixture.loop.executor(), std::move(task),
                        boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr thrown, auto report) {
                          failure = thrown;
                          result = std::move(report);
                        }));
  boost::asio::post(fixture.loop.executor(), [&] { signal.emit(boost::asio::cancellation_type::terminal); });
  fixture.loop.run();

  CHECK_FALSE(failure);
  REQUIRE(result.has_value());
  REQUIRE_FALSE(*result);
  CHECK(result->error().code == ErrorCode::cancelled);
  CHECK(fixture.embedder.embedded == 0);
}

TEST_CASE("indexer: an exception ends a pass of many slices, and comes out of it") {
  Fixture fixture;
  for (int i = 0; i < 1200; ++i) fixture.write("f" + std::to_string(i) + ".py", "name = " + std::to_string(i) + "\n");
  fixture.embedder.before_answer = [] { throw std::runtime_error("of the embedder"); };

  CHECK_THROWS_WITH(fixture.index(), "of the embedder");
  fixture.embedder.before_answer = nullptr;
  REQUIRE(fixture.index());
  CHECK(fixture.marker().files == 1200);
}

TEST_CASE("indexer: content that is no UTF-8 is indexed as text that is") {
  Fixture fixture;
  fixture.write("a.py", "name = 'caf\xe9' # alpha\n");

  REQUIRE(fixture.index());

  auto hits = run_until_done(fixture.loop, fixture.store->query({}, fixture.project, test::make_word_query("alpha")));
  REQUIRE(hits);
  REQUIRE(hits->lexical.size() == 1);
  CHECK(hits->lexical[0].chunk.text == "name = 'caf\xef\xbf\xbd' # alpha\n");
}

}  // namespace codehelper
