#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>

#include "../../src/index/sound_pages.hpp"
#include "support/index_samples.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper {
namespace {

struct Fixture {
  test::TemporaryDirectory data;
  EventLoop loop;
  Project project{"/a", "/a"};
  std::unique_ptr<VectorStore> store = open_embedded_store(loop, data.path());
  std::filesystem::path file = embedded_index_path(data.path(), project);

  Result<void> apply(const std::string& path, const std::string& text) {
    IndexBatch batch;
    batch.files = {test::make_file(path, {text})};
    batch.marker = test::make_ready_marker();
    return run_until_done(loop, store->apply({}, project, std::move(batch)));
  }
  Result<ChunkHits> query(std::string_view words) {
    return run_until_done(loop, store->query({}, project, test::make_word_query(words)));
  }
  /// Runs SQL on the file, behind the store's back.
  void execute(const char* sql) const {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
    CHECK(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
  }
};

void check_names_the_way_out(const Error& error, const std::filesystem::path& file) {
  CHECK(error.code == ErrorCode::unavailable);
  CHECK(error.message.find(file.string()) != std::string::npos);
  CHECK(error.message.find("reindex") != std::string::npos);
}

}  // namespace

TEST_CASE("embedded store: the file's name shows the project and differs between roots of one name") {
  const auto one = embedded_index_path("/data", {"", "/one/My Project"});
  const auto two = embedded_index_path("/data", {"", "/two/My Project"});

  CHECK(one.parent_path() == "/data/index");
  CHECK(one.filename().string().starts_with("my_project-"));
  CHECK(one.filename().string().size() == std::string("my_project-").size() + 16 + 3);
  CHECK(one != two);
}

TEST_CASE("embedded store: looking at a project makes no file") {
  Fixture fixture;

  REQUIRE(run_until_done(fixture.loop, fixture.store->load_marker({}, fixture.project)));
  CHECK_FALSE(fixture.query("word"));

  CHECK(std::filesystem::is_empty(fixture.data.path()));
}

TEST_CASE("embedded store: a file that is no database is an error that names the way out") {
  Fixture fixture;
  std::filesystem::create_directories(fixture.file.parent_path());
  std::ofstream(fixture.file) << std::string(5000, 'x');

  auto marker = run_until_done(fixture.loop, fixture.store->load_marker({}, fixture.project));
  auto applied = fixture.apply("a.cpp", "word\n");

  REQUIRE_FALSE(marker);
  check_names_the_way_out(marker.error(), fixture.file);
  REQUIRE_FALSE(applied);
  check_names_the_way_out(applied.error(), fixture.file);
}

TEST_CASE("embedded store: another program's database and another format are refused") {
  Fixture fixture;
  REQUIRE(fixture.apply("a.cpp", "word\n"));
  fixture.execute(GENERATE("PRAGMA user_version = 99", "PRAGMA application_id = 5"));
  auto store = open_embedded_store(fixture.loop, fixture.data.path());

  auto marker = run_until_done(fixture.loop, store->load_marker({}, fixture.project));

  REQUIRE_FALSE(marker);
  check_names_the_way_out(marker.error(), fixture.file);
}

TEST_CASE("embedded store: an index of an older format counts as none, and is replaced by the next one") {
  Fixture fixture;
  REQUIRE(fixture.apply("old.cpp", "word\n"));
  fixture.store.reset();
  fixture.execute("ALTER TABLE files DROP COLUMN changed_ns; PRAGMA user_version = 1");
  fixture.store = open_embedded_store(fixture.loop, fixture.data.path());

  auto marker = run_until_done(fixture.loop, fixture.store->load_marker({}, fixture.project));
  auto files = run_until_done(fixture.loop, fixture.store->list_files({}, fixture.project));
  auto refused = fixture.query("word");
  REQUIRE(fixture.apply("new.cpp", "word\n"));
  auto hits = fixture.query("word");

  REQUIRE(marker);
  CHECK_FALSE(marker->has_value());
  REQUIRE(files);
  CHECK(files->empty());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::not_found);
  REQUIRE(hits);
  CHECK(test::paths_of(hits->lexical) == std::vector<std::string>{"new.cpp"});
}

TEST_CASE("embedded store: damaged rows are an error, not a crash") {
  Fixture fixture;
  REQUIRE(fixture.apply("a.cpp", std::string(200, 'a') + " word\n"));
  fixture.execute(GENERATE("UPDATE texts SET text = x'00ff00'", "DELETE FROM texts",
                           "UPDATE chunks SET text_offset = 1000", "UPDATE features SET terms = x'ffffffffffff'",
                           "UPDATE features SET vector = x'00'", "DELETE FROM chunks"));

  auto hits = fixture.query("word");

  if (hits) {
    CHECK(hits->lexical.empty());  // the chunk is gone
  } else {
    check_names_the_way_out(hits.error(), fixture.file);
  }
}

TEST_CASE("embedded store: pages are read through when something else wrote to the file, and only then") {
  Fixture fixture;
  REQUIRE(fixture.apply("a.cpp", "word\n"));
  const auto list_anew = [&] {
    fixture.store = open_embedded_store(fixture.loop, fixture.data.path());
    return run_until_done(fixture.loop, fixture.store->list_files({}, fixture.project));
  };
  fixture.store.reset();
  CHECK(SoundPages(fixture.file).are_known());
  fixture.execute("PRAGMA ignore_check_constraints = 1; UPDATE state SET only = 2");

  const auto refused = list_anew();
  fixture.store.reset();
  CHECK_FALSE(SoundPages(fixture.file).are_known());
  SoundPages pages(fixture.file);
  pages.note();
  pages.save();
  const auto trusted = list_anew();
  REQUIRE(run_until_done(fixture.loop, fixture.store->drop({}, fixture.project)));
  fixture.store.reset();

  REQUIRE_FALSE(refused);
  check_names_the_way_out(refused.error(), fixture.file);
  REQUIRE(trusted);
  CHECK(trusted->size() == 1);
  CHECK(std::filesystem::is_empty(fixture.file.parent_path()));
}

TEST_CASE("embedded store: a folder that can't be made is an error that names it") {
  Fixture fixture;
  fixture.data.write("index", "no folder");

  auto applied = fixture.apply("a.cpp", "word\n");

  REQUIRE_FALSE(applied);
  CHECK(applied.error().code == ErrorCode::unavailable);
  CHECK(applied.error().message.find((fixture.data.path() / "index").string()) != std::string::npos);
}

TEST_CASE("embedded store: a reader is not stopped by an open write transaction") {
  Fixture fixture;
  REQUIRE(fixture.apply("a.cpp", "word\n"));
  sqlite3* writer = nullptr;
  REQUIRE(sqlite3_open(fixture.file.c_str(), &writer) == SQLITE_OK);
  REQUIRE(sqlite3_exec(writer, "BEGIN IMMEDIATE; DELETE FROM chunks", nullptr, nullptr, nullptr) == SQLITE_OK);

  auto hits = fixture.query("word");

  sqlite3_close(writer);
  REQUIRE(hits);
  CHECK(hits->lexical.size() == 1);
}

TEST_CASE("embedded store: what goes together is learned anew beside the questions after an edit") {
  Fixture fixture;
  const auto name_of = [](int topic) {
    return std::string{static_cast<char>('a' + topic / 10), static_cast<char>('a' + topic % 10)};
  };
  const auto write_topics = [&](int count, int shift) {  // each file has two words, which others have too
    IndexBatch batch;
    for (int topic = 0; topic < count; ++topic) {
      const std::string text = name_of(topic) + "pple " + name_of((topic + shift) % 100) + "erry\n";
      batch.files.push_back(test::make_file(name_of(topic) + ".cpp", {text, text, text, text}));
    }
    batch.marker = test::make_ready_marker();
    REQUIRE(run_until_done(fixture.loop, fixture.store->apply({}, fixture.project, std::move(batch))));
  };
  const auto learned_places = [&](VectorStore& store) {
    ChunkQuery query = test::make_word_query("cdpple");
    query.learned_limit = 4;
    auto hits = run_until_done(fixture.loop, store.query({}, fixture.project, query));
    REQUIRE(hits);
    std::vector<std::pair<std::string, double>> places;
    for (const ScoredChunk& hit : hits->learned) places.emplace_back(hit.chunk.path, hit.score);
    return places;
  };
  write_topics(100, 0);
  CHECK(learned_places(*fixture.store).size() == 4);
  write_topics(25, 1);  // few enough for the snapshot to go on
  const auto clean = learned_places(*open_embedded_store(fixture.loop, fixture.data.path()));

  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  auto places = learned_places(*fixture.store);
  while (places != clean && std::chrono::steady_clock::now() < limit) places = learned_places(*fixture.store);

  CHECK(places == clean);
}

TEST_CASE("embedded store: text that repeats takes less room than itself") {
  Fixture fixture;
  std::string text;
  for (int i = 0; i < 80000; ++i) text += "  return value + offset;\n";

  REQUIRE(fixture.apply("a.cpp", text));
  fixture.execute("PRAGMA wal_checkpoint(TRUNCATE)");

  CHECK(std::filesystem::file_size(fixture.file) < text.size() / 4);
  CHECK(fixture.query("offset")->lexical.at(0).chunk.text == text);
}

}  // namespace codehelper
