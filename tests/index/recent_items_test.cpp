#include "../../src/index/recent_items.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>

#include "../../src/index/embedded_snapshot.hpp"
#include "support/index_samples.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper {
namespace {

struct Item {
  std::size_t bytes = 0;
  std::size_t memory_bytes() const { return bytes; }
};

struct Fixture {
  RecentItems<Item> items{{3, 100}};
  int made = 0;

  std::shared_ptr<Item> find(const char* file) {
    return items.find(file, [this] {
      ++made;
      return std::make_shared<Item>();
    });
  }
  bool is_known(const char* file) {
    const int before = made;
    find(file);
    return made == before;
  }
};

constexpr int kRounds = 30;

/// Applies the batch of each round; returns the memory that a snapshot tells after each.
std::vector<std::size_t> follow_changes(const std::function<IndexBatch(int round)>& make_batch) {
  const test::TemporaryDirectory data;
  auto database = IndexDatabase::create(data.path() / "a.db");
  REQUIRE(database);
  EmbeddedSnapshot snapshot;
  std::vector<std::size_t> told;
  for (int round = 0; round < kRounds; ++round) {
    REQUIRE(database->apply(make_batch(round)));
    REQUIRE(snapshot.follow(*database));
    told.push_back(snapshot.memory_bytes());
  }
  return told;
}

}  // namespace

TEST_CASE("recent items: the same file has the same item while the limits hold") {
  Fixture fixture;
  const auto first = fixture.find("a");
  fixture.find("b");

  CHECK(fixture.find("a") == first);
  CHECK(fixture.made == 2);
}

TEST_CASE("recent items: of too many the least recently used is forgotten, and lives with who holds it") {
  Fixture fixture;
  const std::weak_ptr<Item> let_go = fixture.find("a");
  const auto held = fixture.find("b");
  fixture.find("c");
  fixture.find("b");

  fixture.find("d");

  CHECK(let_go.expired());
  CHECK(fixture.is_known("b"));
  CHECK(fixture.is_known("c"));
  CHECK(fixture.is_known("d"));
  fixture.find("a");
  CHECK(held->bytes == 0);
}

TEST_CASE("recent items: of too many bytes the least recently used go, the last one stays however large") {
  Fixture fixture;
  fixture.find("a")->bytes = 40;
  fixture.find("b")->bytes = 40;
  fixture.find("c")->bytes = 20;
  fixture.items.trim();
  CHECK(fixture.is_known("a"));

  fixture.find("c")->bytes = 21;
  fixture.items.trim();
  CHECK(fixture.is_known("c"));
  CHECK(fixture.is_known("a"));
  CHECK_FALSE(fixture.is_known("b"));

  fixture.find("c")->bytes = 1000;
  fixture.items.trim();
  CHECK(fixture.is_known("c"));
  CHECK_FALSE(fixture.is_known("a"));
}

TEST_CASE("embedded snapshot: the memory that it tells grows with what it holds") {
  const test::TemporaryDirectory data;
  auto database = IndexDatabase::create(data.path() / "a.db");
  REQUIRE(database);
  EmbeddedSnapshot snapshot;
  std::size_t before = snapshot.memory_bytes();
  CHECK(before == 0);
  for (int round = 0; round < 3; ++round) {
    IndexBatch batch;
    for (int i = 0; i < 100; ++i) {
      const std::string name = std::to_string(round) + "_" + std::to_string(i);
      batch.files.push_back(test::make_file(name + ".cpp", {"alpha" + name + " beta gamma\n"}));
      batch.files.back().embeddings[0] = Embedding(1000, 0.5F);
    }
    REQUIRE(database->apply(batch));

    REQUIRE(snapshot.follow(*database));

    CHECK(snapshot.memory_bytes() > before + 100'000);
    CHECK(snapshot.memory_bytes() < before + 1'000'000);
    before = snapshot.memory_bytes();
  }
}

TEST_CASE("embedded snapshot: its memory stays the same however often files change") {
  const auto change = [](int round) {
    IndexBatch batch;
    for (int i = 0; i < 10; ++i) {
      const std::string path = "changed_" + std::to_string(round % 5 * 10 + i) + ".cpp";
      batch.files.push_back(test::make_file(path, {"alpha" + std::to_string(round) + " beta\n"}));
    }
    return batch;
  };

  const std::vector<std::size_t> told = follow_changes(change);

  const auto middle = told.begin() + kRounds / 2;
  const std::size_t most = *std::max_element(told.begin(), middle);
  CHECK(*std::max_element(middle, told.end()) < most + most / 10);
}

TEST_CASE("embedded snapshot: files without content leave nothing behind") {
  const auto come_and_go = [](int round) {
    IndexBatch batch;
    if (round == 0) batch.files.push_back(test::make_file("stays.cpp", {"alpha beta\n"}));
    if (round > 0) batch.removed_paths.push_back("empty_" + std::to_string(round - 1) + ".cpp");
    batch.files.push_back(test::make_file("empty_" + std::to_string(round) + ".cpp", {}));
    return batch;
  };

  const std::vector<std::size_t> told = follow_changes(come_and_go);

  CHECK(told.back() == told.front());
}

}  // namespace codehelper
