#include "codehelper/index/change_finder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "codehelper/index/indexer.hpp"
#include "index/git_fixture.hpp"
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
  std::unique_ptr<Embedder> embedder = make_hashing_embedder(loop);
  ChangeFinder finder{source.path(), 1024 * 1024};

  void index() {
    REQUIRE(run_until_done(loop, index_project({}, project, *store, *embedder, loop, {})));
    auto files = run_until_done(loop, store->list_files({}, project));
    REQUIRE(files);
    finder.set_indexed(std::move(*files));
  }
  TreeLook look() {
    auto look = finder.look();
    REQUIRE(look);
    return std::move(*look);
  }
  bool watches(const std::string& folder) {
    const TreeLook seen = look();
    return std::ranges::any_of(seen.folders,
                               [&](const WatchedFolder& entry) { return entry.path == source.path() / folder; });
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "change finder: counts files that are new, different and gone") {
  source.write("a.py", "a = 1\n");
  source.write("b.py", "b = 1\n");
  index();
  CHECK(look().changed_files == 0);

  source.write("a.py", "a = 2\n");
  source.write("sub/c.py", "c = 1\n");
  fs::remove(source.path() / "b.py");

  CHECK(look().changed_files == 3);
  index();
  CHECK(look().changed_files == 0);
}

TEST_CASE_METHOD(Fixture, "change finder: a file that was only touched, and one that is not indexed, are no change") {
  source.write("a.py", "a = 1\n");
  source.write("picture.png", std::string("\x89PNG\0\0", 6));
  index();

  fs::last_write_time(source.path() / "a.py", fs::file_time_type::clock::now() - std::chrono::hours(1));
  source.write("other.bin", std::string("\0\1\2", 3));

  CHECK(look().changed_files == 0);
  source.write("other.bin", "now it is text\n");
  CHECK(look().changed_files == 1);
}

TEST_CASE_METHOD(Fixture, "change finder: names every folder where a file may come to be, and none that is ignored") {
  source.write("a.py", "a = 1\n");
  source.write("deep/er/b.py", "b = 1\n");
  source.write(".gitignore", "build/\n");
  source.write("build/out/c.py", "c = 1\n");
  fs::create_directories(source.path() / "empty/folder");
  index();

  CHECK(watches("deep"));
  CHECK(watches("deep/er"));
  CHECK(watches("empty/folder"));
  CHECK_FALSE(watches("build"));
  CHECK_FALSE(watches("build/out"));
}

TEST_CASE("change finder: of a second work tree its own list of tracked files is watched") {
  const test::GitFixture fixture;
  fixture.work.write("a.py", "a = 1\n");
  fixture.git("add a.py && git commit -qm first && git worktree add -q ../second-" +
              fixture.work.path().filename().string());
  const fs::path second = fixture.work.path().parent_path() / ("second-" + fixture.work.path().filename().string());
  ChangeFinder finder(second, 1024 * 1024);

  const auto look = finder.look();
  fs::remove_all(second);

  REQUIRE(look);
  const auto watched = std::ranges::find(look->folders, std::string("index"), &WatchedFolder::only);
  REQUIRE(watched != look->folders.end());
  CHECK(fs::path(watched->path).parent_path() == fixture.work.path() / ".git" / "worktrees");
}

TEST_CASE_METHOD(Fixture, "change finder: a project that is gone is an error") {
  source.write("a.py", "a = 1\n");
  index();
  fs::remove_all(source.path());

  const auto look = finder.look();

  REQUIRE_FALSE(look);
  CHECK(look.error().code == ErrorCode::not_found);
}

}  // namespace codehelper
