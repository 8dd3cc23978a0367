#include "codehelper/index/index_check.hpp"

#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <random>

#include "support/index_samples.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper {
namespace {

namespace fs = std::filesystem;

struct Fixture {
  test::TemporaryDirectory source;
  test::TemporaryDirectory data;
  EventLoop loop;
  Project project{source.path().string(), source.path()};
  std::unique_ptr<VectorStore> store = open_embedded_store(loop, data.path());
  fs::path file = embedded_index_path(data.path(), project);

  void apply(IndexBatch batch) {
    batch.marker = test::make_ready_marker();
    batch.marker->project_path = project.posted_path;
    REQUIRE(run_until_done(loop, store->apply({}, project, std::move(batch))));
  }
  void add(const std::string& path, const std::vector<std::string>& texts) {
    IndexBatch batch;
    batch.files = {test::make_file(path, texts)};
    apply(std::move(batch));
  }
  /// Runs SQL on the file, behind the store's back.
  void execute(const std::string& sql) const {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
    CHECK(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
  }
  std::vector<CheckResult> faults() const {
    auto results = check_index_file(file);
    std::erase_if(results, [](const CheckResult& result) { return result.fix.empty(); });
    return results;
  }
};

std::string random_words(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < bytes) text += random() % 8 == 0 ? ' ' : static_cast<char>('a' + random() % 26);
  return text + "\n";
}

}  // namespace

TEST_CASE_METHOD(Fixture, "index check: a whole index has no fault, and its counts and its size are told") {
  add("a.py", {"one\n", "two\n"});
  add("b.py", {"three\n"});

  const auto results = check_index_file(file);

  CHECK(faults().empty());
  const auto tells = [&](std::string_view words) {
    return std::ranges::any_of(results, [&](const CheckResult& result) { return result.what.contains(words); });
  };
  CHECK(tells("2 files and 3 chunks agree"));
  CHECK(tells("MB on disk"));
  CHECK(tells(project.posted_path));
  CHECK(list_index_files(data.path()) == std::vector{file});
}

TEST_CASE_METHOD(Fixture,
                 "index check: rows that are missing, too many or of another shape are found, with the way out") {
  const auto* damage = GENERATE(
      "DELETE FROM features WHERE chunk_id = 2", "DELETE FROM chunks WHERE id = 2",
      "DELETE FROM files WHERE path = 'b.py'", "UPDATE files SET chunks = 7",
      "UPDATE features SET vector = x'00' WHERE chunk_id = 1", "UPDATE features SET terms = x'ff' WHERE chunk_id = 1",
      "UPDATE features SET vector = x'0000c07f0101' WHERE chunk_id = 1",  // not a number
      "UPDATE texts SET text = x'00' WHERE id = 2", "UPDATE texts SET size_bytes = -1 WHERE id = 2",
      "UPDATE state SET dimension = 1152921504606846976", "PRAGMA user_version = 99");
  add("a.py", {"one\n", "two\n"});
  add("b.py", {"three\n"});

  execute(damage);

  REQUIRE(faults().size() == 1);
  CHECK(faults().front().fix.contains("--from-scratch"));
}

TEST_CASE_METHOD(Fixture, "index check: overwritten pages are found") {
  add("a.py", {random_words(200'000, 1)});
  execute("PRAGMA wal_checkpoint(TRUNCATE)");
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(8192);
  for (int i = 0; i < 8192; ++i) stream.put('\x5a');
  stream.close();

  REQUIRE(faults().size() == 1);
  CHECK(faults().front().fix.contains(file.string()));
}

TEST_CASE_METHOD(Fixture, "index check: no index, an unfinished one and one whose project is gone are told apart") {
  CHECK(faults().front().fix == "codehelper ingest PATH");

  IndexBatch batch;
  batch.marker = test::make_ready_marker();
  batch.marker->state = IndexState::failed;
  batch.marker->cause = "the disk is full";
  batch.marker->project_path = project.posted_path;
  REQUIRE(run_until_done(loop, store->apply({}, project, std::move(batch))));
  REQUIRE(faults().size() == 1);
  CHECK(faults().front().what.contains("failed: the disk is full"));
  CHECK(faults().front().fix == "codehelper ingest " + project.posted_path);

  fs::remove_all(source.path());
  CHECK(faults().front().fix.contains("the project is gone"));
}

TEST_CASE_METHOD(Fixture,
                 "index check: the disk gets back what was deleted, and the log's space, at the end of a pass") {
  for (unsigned i = 0; i < 40; ++i) add("f" + std::to_string(i), {random_words(400'000, i)});
  const std::uint64_t full = index_file_bytes(file);
  CHECK(fs::file_size(file.string() + "-wal") < 8 << 20);

  IndexBatch batch;
  for (unsigned i = 1; i < 40; ++i) batch.removed_paths.push_back("f" + std::to_string(i));
  apply(std::move(batch));

  CHECK(fs::file_size(file) < full / 4);
  CHECK(index_file_bytes(file) < full / 2);
  CHECK(faults().empty());
  auto hits = run_until_done(loop, store->query({}, project, test::make_word_query("f0")));
  REQUIRE(hits);
  CHECK(hits->lexical.size() == 1);
}

}  // namespace codehelper
