#include "../../src/index/recent_items.hpp"

#include <catch2/catch.hpp>

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

}  // namespace codehelper
