#include "codehelper/index/tree_watcher.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <functional>

#include "support/temporary_directory.hpp"

namespace codehelper {
namespace {

namespace fs = std::filesystem;

struct Fixture {
  test::TemporaryDirectory tree;
  EventLoop loop;
  std::unique_ptr<TreeWatcher> watcher = TreeWatcher::open(loop);

  TreeWatcher::Watch watch(std::vector<std::string> folders) {
    std::vector<WatchedFolder> watched;
    for (const std::string& folder : folders)
      watched.push_back({(tree.path() / folder).lexically_normal().string(), ""});
    return watcher->watch(std::move(watched));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "tree watcher: tells once that something was written, made, moved, deleted or made readable") {
  const fs::path file = tree.write("a.py", "a\n");
  fs::create_directory(tree.path() / "sub");
  REQUIRE(watcher != nullptr);
  REQUIRE(watch({"", "sub"}) == TreeWatcher::Watch::extended);
  CHECK_FALSE(watcher->take_changes());

  const std::vector<std::function<void()>> changes = {
      [&] { tree.write("a.py", "b\n"); },
      [&] { tree.write("sub/new.py", "c\n"); },
      [&] { fs::rename(tree.path() / "sub/new.py", tree.path() / "moved.py"); },
      [&] { fs::remove(tree.path() / "moved.py"); },
      [&] { fs::create_directory(tree.path() / "another"); },
      [&] { fs::permissions(file, fs::perms::none); },
      [&] { fs::last_write_time(file, fs::file_time_type::clock::now()); },
      [&] { fs::remove_all(tree.path() / "sub"); },
  };
  for (const auto& change : changes) {
    change();
    CHECK(watcher->take_changes());
    CHECK_FALSE(watcher->take_changes());
  }
}

TEST_CASE_METHOD(Fixture, "tree watcher: reading tells nothing, nor does what happens elsewhere") {
  const fs::path file = tree.write("a.py", "a\n");
  tree.write("sub/b.py", "b\n");
  watch({""});

  std::ifstream(file).get();
  for (const auto& entry : fs::recursive_directory_iterator(tree.path())) (void)entry;
  tree.write("sub/b.py", "c\n");

  CHECK_FALSE(watcher->take_changes());
}

TEST_CASE_METHOD(Fixture, "tree watcher: of some folders one name counts only") {
  watcher->watch({{tree.path().string(), "index"}});

  tree.write("HEAD", "x");
  CHECK_FALSE(watcher->take_changes());
  tree.write("index.lock", "x");
  CHECK_FALSE(watcher->take_changes());
  fs::rename(tree.path() / "index.lock", tree.path() / "index");
  CHECK(watcher->take_changes());
}

TEST_CASE_METHOD(Fixture, "tree watcher: follows the list of folders, also one that was deleted and made again") {
  fs::create_directory(tree.path() / "sub");
  CHECK(watch({"", "sub"}) == TreeWatcher::Watch::extended);
  CHECK(watch({"", "sub"}) == TreeWatcher::Watch::same);

  fs::remove(tree.path() / "sub");
  fs::create_directory(tree.path() / "sub");
  watcher->take_changes();
  CHECK(watch({"", "sub"}) == TreeWatcher::Watch::extended);
  tree.write("sub/a.py", "a\n");
  CHECK(watcher->take_changes());

  watch({""});
  watcher->take_changes();
  tree.write("sub/a.py", "b\n");
  CHECK_FALSE(watcher->take_changes());
}

TEST_CASE_METHOD(Fixture, "tree watcher: a folder that is gone already is no failure, its parent tells") {
  CHECK(watch({"", "never/there"}) == TreeWatcher::Watch::extended);

  fs::create_directories(tree.path() / "never/there");

  CHECK(watcher->take_changes());
}

TEST_CASE_METHOD(Fixture, "tree watcher: more happening than the kernel's queue holds counts as something") {
  watch({""});
  for (int i = 0; i < 30'000; ++i) {
    tree.write(i % 2 == 0 ? "a" : "b", "x");
  }

  CHECK(watcher->take_changes());
}

TEST_CASE_METHOD(Fixture, "tree watcher: waits until something happens, and ends when it is closed") {
  watch({""});
  tree.write("a.py", "a\n");

  CHECK(run_until_done(loop, watcher->wait()));
  watcher->take_changes();
  boost::asio::post(loop.executor(), [&] { watcher->close(); });
  const auto ended = run_until_done(loop, watcher->wait());

  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == ErrorCode::cancelled);
  CHECK_FALSE(run_until_done(loop, watcher->wait()));
  CHECK(watch({""}) == TreeWatcher::Watch::partial);
}

}  // namespace codehelper
