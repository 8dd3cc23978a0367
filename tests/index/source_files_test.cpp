#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "git_fixture.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

constexpr std::uint64_t kMaxBytes = 1000;

std::vector<std::string> paths_of(const SourceListing& listing) {
  std::vector<std::string> paths;
  paths.reserve(listing.files.size());
  for (const auto& file : listing.files) paths.push_back(file.path);
  return paths;
}

std::string reason_of(const SourceListing& listing, std::string_view path) {
  const auto found = std::ranges::find(listing.skipped, path, &SkippedFile::path);
  return std::string(found == listing.skipped.end() ? "not skipped" : to_string(found->reason));
}

SourceListing list(const std::filesystem::path& root) {
  auto listing = list_source_files(root, kMaxBytes);
  if (!listing) throw std::runtime_error(listing.error().message);
  return std::move(*listing);
}

using Paths = std::vector<std::string>;

/// Leaves the process `count` more file descriptors until the end of the test.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t count) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    const rlimit lower{static_cast<rlim_t>(next) + count, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &lower);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("source files: a plain folder is listed in order, with sizes and times") {
  const TemporaryDirectory folder;
  folder.write("b.c", "12345");
  const auto written = folder.write("a/z.c", "");
  folder.write("a.c", "x");
  const std::array<timespec, 2> times{timespec{5, 0}, timespec{1'600'000'000, 123}};
  REQUIRE(::utimensat(AT_FDCWD, written.c_str(), times.data(), 0) == 0);

  const auto listing = list(folder.path());

  REQUIRE(paths_of(listing) == Paths{"a.c", "a/z.c", "b.c"});
  CHECK(listing.files[1] == SourceFile{"a/z.c", 0, 1'600'000'000'000'000'123, listing.files[1].changed_ns});
  CHECK(listing.files[1].changed_ns > listing.files[1].modified_ns);
  REQUIRE(listing.files[2].size_bytes == 5);
  REQUIRE(listing.skipped.empty());
}

TEST_CASE("source files: links, pipes and sockets are neither followed nor opened") {
  const TemporaryDirectory folder;
  folder.write("real/file.c", "x");
  std::filesystem::create_symlink("real/file.c", folder.path() / "link.c");
  std::filesystem::create_symlink("real", folder.path() / "link-to-folder");
  std::filesystem::create_symlink("missing", folder.path() / "dangling");
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);

  const auto listing = list(folder.path());

  REQUIRE(paths_of(listing) == Paths{"real/file.c"});
  for (const char* path : {"link.c", "link-to-folder", "dangling", "pipe"}) {
    CHECK(reason_of(listing, path) == "not_a_file");
  }
}

TEST_CASE("source files: secrets, lock files and large files are skipped by name and size") {
  const TemporaryDirectory folder;
  folder.write(".env", "TOKEN=1");
  folder.write(".env.example", "TOKEN=");
  folder.write("keys/id_rsa", "x");
  folder.write("package-lock.json", "{}");
  folder.write("app.min.js", "x");
  folder.write("large.c", std::string(kMaxBytes + 1, 'x'));
  folder.write("fits.c", std::string(kMaxBytes, 'x'));

  const auto listing = list(folder.path());

  REQUIRE(paths_of(listing) == Paths{".env.example", "fits.c"});
  CHECK(reason_of(listing, ".env") == "secret");
  CHECK(reason_of(listing, "keys/id_rsa") == "secret");
  CHECK(reason_of(listing, "package-lock.json") == "generated");
  CHECK(reason_of(listing, "app.min.js") == "generated");
  CHECK(reason_of(listing, "large.c") == "too_large");
}

TEST_CASE("source files: folders of tools are skipped in a plain folder only") {
  const TemporaryDirectory folder;
  folder.write("node_modules/a/index.js", "x");
  folder.write("venv/pyvenv.cfg", "x");
  folder.write("lib/venv/mine.py", "x");
  folder.write("pkg/__pycache__/a.pyc", "x");
  const GitFixture repository;
  repository.work.write("node_modules/a/index.js", "x");

  const auto plain = list(folder.path());
  const auto in_git = list(repository.work.path());

  REQUIRE(paths_of(plain) == Paths{"lib/venv/mine.py"});
  CHECK(reason_of(plain, "node_modules/") == "generated");
  CHECK(reason_of(plain, "venv/") == "generated");
  CHECK(reason_of(plain, "pkg/__pycache__/") == "generated");
  REQUIRE(paths_of(in_git) == Paths{"node_modules/a/index.js"});
}

TEST_CASE("source files: a name that is not UTF-8 is skipped under a valid one") {
  const TemporaryDirectory folder;
  folder.write("caf\xE9.c", "x");
  folder.write("dir\xFF/a.c", "x");
  folder.write("caf\xC3\xA9.c", "x");

  const auto listing = list(folder.path());

  REQUIRE(paths_of(listing) == Paths{"caf\xC3\xA9.c"});
  CHECK(reason_of(listing, "caf\xEF\xBF\xBD.c") == "not_a_file");
  CHECK(reason_of(listing, "dir\xEF\xBF\xBD/") == "unreadable");
}

TEST_CASE("source files: repositories inside are not listed") {
  const GitFixture fixture;
  fixture.work.write("a.c", "x");
  fixture.work.write("other/b.c", "x");
  run_shell(fixture.work.path() / "other", "git init -q .");
  fixture.work.write("looks-like/.git/nothing", "x");
  fixture.work.write("looks-like/c.c", "x");

  const auto listing = list(fixture.work.path());

  REQUIRE(not_ignored(listing) == fixture.git_files());
  REQUIRE(paths_of(listing) == Paths{"a.c", "looks-like/c.c"});
  CHECK(reason_of(listing, "other/") == "nested_repository");
}

TEST_CASE("source files: in a plain folder every clone is listed by its own rules") {
  const GitFixture environment;  // a home directory of its own
  const TemporaryDirectory folder;
  folder.write("notes.c", "x");
  folder.write(".gitignore", "*.log\nunwanted/\n");
  folder.write("one/.gitignore", "/build/\n");
  folder.write("one/build/out.c", "x");
  folder.write("one/src/kept.log", "x");
  folder.write("one/inner/c.c", "x");
  folder.write("deep/er/two/b.c", "x");
  folder.write("deep/er/two/node_modules/own.js", "x");
  folder.write("unwanted/u.c", "x");
  for (const char* clone : {"one", "one/inner", "deep/er/two", "unwanted"}) {
    run_shell(folder.path() / clone, "git init -q .");
  }
  folder.write("one/.git/info/exclude", "*.tmp\n");
  folder.write("one/a.tmp", "x");

  const auto listing = list(folder.path());

  CHECK(paths_of(listing) == Paths{".gitignore", "deep/er/two/b.c", "deep/er/two/node_modules/own.js", "notes.c",
                                   "one/.gitignore", "one/src/kept.log"});
  CHECK(reason_of(listing, "one/build/") == "ignored");
  CHECK(reason_of(listing, "one/a.tmp") == "ignored");
  CHECK(reason_of(listing, "one/inner/") == "nested_repository");
  CHECK(reason_of(listing, "unwanted/") == "ignored");
  CHECK(read_source_file(folder.path(), {.path = "deep/er/two/b.c"}, kMaxBytes)->has_value());
}

TEST_CASE("source files: a clone in a plain folder that can't be read is an error that names it") {
  const GitFixture environment;
  const TemporaryDirectory folder;
  folder.write("good/a.c", "x");
  folder.write("bad/a.c", "x");
  for (const char* clone : {"good", "bad"}) run_shell(folder.path() / clone, "git init -q .");
  folder.write("bad/.git/index", "DIRCgarbage that is no index");

  const auto listing = list_source_files(folder.path(), kMaxBytes);

  REQUIRE_FALSE(listing.has_value());
  CHECK(listing.error().code == ErrorCode::unavailable);
  CHECK(listing.error().message.find((folder.path() / "bad").string()) != std::string::npos);
}

TEST_CASE("source files: a submodule is a repository of its own, and can be listed itself") {
  const GitFixture fixture;
  const TemporaryDirectory library;
  library.write("lib.c", "x");
  run_shell(library.path(), "git init -q . && git add lib.c && git -c user.name=t -c user.email=t@t commit -qm first");
  fixture.work.write("a.c", "x");
  fixture.git("-c protocol.file.allow=always submodule add -q '" + library.path().string() + "' deps/lib");

  const auto whole = list(fixture.work.path());
  const auto submodule = list(fixture.work.path() / "deps" / "lib");

  REQUIRE(paths_of(whole) == Paths{".gitmodules", "a.c"});
  CHECK(reason_of(whole, "deps/lib/") == "nested_repository");
  REQUIRE(paths_of(submodule) == Paths{"lib.c"});
}

TEST_CASE("source files: a second work tree has its own index and the shared exclude file") {
  const GitFixture fixture;
  const TemporaryDirectory other;
  fixture.work.write("a.c", "x");
  fixture.work.write(".git/info/exclude", "*.tmp\n");
  fixture.git("add a.c && git commit -qm first");
  fixture.git("worktree add -q '" + (other.path() / "tree").string() + "'");
  other.write("tree/new.c", "x");
  other.write("tree/new.tmp", "x");

  const auto listing = list(other.path() / "tree");

  REQUIRE(paths_of(listing) == Paths{"a.c", "new.c"});
  CHECK(reason_of(listing, "new.tmp") == "ignored");
}

TEST_CASE("source files: tracked files that were deleted are not listed") {
  const GitFixture fixture;
  fixture.work.write("gone.c", "x");
  fixture.work.write("here.c", "x");
  fixture.git("add gone.c here.c");
  std::filesystem::remove(fixture.work.path() / "gone.c");

  const auto listing = list(fixture.work.path());

  REQUIRE(paths_of(listing) == Paths{"here.c"});
}

TEST_CASE("source files: a damaged repository is an error that names it") {
  const TemporaryDirectory folder;
  folder.write("a.c", "x");
  folder.write(".git/HEAD", "nonsense");
  const GitFixture broken_index;
  broken_index.work.write(".git/index", "DIRCgarbage that is no index");
  const GitFixture broken_link;
  std::filesystem::remove_all(broken_link.work.path() / ".git");
  broken_link.work.write(".git", "gitdir: /nowhere/at/all\n");

  for (const auto& root : {folder.path(), broken_index.work.path(), broken_link.work.path()}) {
    const auto listing = list_source_files(root, kMaxBytes);

    REQUIRE_FALSE(listing.has_value());
    CHECK(listing.error().code == ErrorCode::unavailable);
    CHECK(listing.error().message.find(root.string()) != std::string::npos);
  }
}

TEST_CASE("source files: an index of a kind that can't be read is an error that names the way out") {
  const GitFixture fixture;
  fixture.work.write("a.c", "x");
  fixture.git("add a.c && git commit -qm first && git update-index --split-index");

  const auto listing = list_source_files(fixture.work.path(), kMaxBytes);

  REQUIRE_FALSE(listing.has_value());
  CHECK(listing.error().message.find(fixture.work.path().string()) != std::string::npos);
  CHECK(listing.error().message.find("git update-index --no-split-index") != std::string::npos);
  fixture.git("update-index --no-split-index");
  CHECK(list_source_files(fixture.work.path(), kMaxBytes).has_value());
}

TEST_CASE("source files: a sparse index is an error that names the way out") {
  const GitFixture fixture;
  fixture.work.write("kept/a.c", "x");
  fixture.work.write("left/out/b.c", "x");
  fixture.git("add . && git commit -qm first && git sparse-checkout set --cone --sparse-index kept");

  const auto listing = list_source_files(fixture.work.path(), kMaxBytes);

  REQUIRE_FALSE(listing.has_value());
  CHECK(listing.error().message.find(fixture.work.path().string()) != std::string::npos);
  CHECK(listing.error().message.find("git sparse-checkout reapply --no-sparse-index") != std::string::npos);
  fixture.git("sparse-checkout reapply --no-sparse-index");
  CHECK(paths_of(list(fixture.work.path())) == Paths{"kept/a.c"});
}

TEST_CASE("source files: a repository of SHA-256 is an error that says so") {
  const GitFixture fixture;
  const TemporaryDirectory other;
  other.write("a.c", "x");
  run_shell(other.path(), "git init -q --object-format=sha256 . && git add a.c");

  const auto listing = list_source_files(other.path(), kMaxBytes);

  REQUIRE_FALSE(listing.has_value());
  CHECK(listing.error().code == ErrorCode::unavailable);
  CHECK(listing.error().message.find(other.path().string()) != std::string::npos);
  CHECK(listing.error().message.find("SHA-256") != std::string::npos);
}

TEST_CASE("source files: repositories with extensions that don't matter here are read") {
  const GitFixture fixture;
  fixture.work.write("a.c", "x");
  fixture.git("config core.repositoryformatversion 1 && git config extensions.worktreeConfig true");
  fixture.git("config extensions.partialClone origin && git add a.c");

  const auto listing = list(fixture.work.path());

  REQUIRE(paths_of(listing) == Paths{"a.c"});
}

TEST_CASE("source files: nothing is written into the project") {
  const GitFixture fixture;
  fixture.work.write("a.c", "x");
  fixture.git("add a.c && git commit -qm first");
  const auto snapshot = [&] { return run_shell(fixture.work.path(), "find . -printf '%p %s %T@ %C@\\n' | sort"); };
  const auto before = snapshot();

  const auto listing = list(fixture.work.path());
  const auto content = read_source_file(fixture.work.path(), listing.files.at(0), kMaxBytes);

  REQUIRE(content.has_value());
  REQUIRE(snapshot() == before);
}

TEST_CASE("source files: a root that is gone is not found") {
  const TemporaryDirectory folder;

  const auto listing = list_source_files(folder.path() / "missing", kMaxBytes);

  REQUIRE_FALSE(listing.has_value());
  REQUIRE(listing.error().code == ErrorCode::not_found);
}

TEST_CASE("source files: without descriptors the walk and the reading fail, and never forget files") {
  const TemporaryDirectory folder;
  folder.write(".gitignore", "*.o\n");
  folder.write("a/b/.gitignore", "*.o\n");
  folder.write("a/b/c.c", "x");
  const Paths all{".gitignore", "a/b/.gitignore", "a/b/c.c"};
  REQUIRE(paths_of(list(folder.path())) == all);
  int failures = 0;

  for (rlim_t left = 0; left < 12; ++left) {
    const DescriptorLimit limit(left);
    const auto listing = list_source_files(folder.path(), kMaxBytes);
    const auto content = read_source_file(folder.path(), {.path = "a/b/c.c"}, kMaxBytes);

    INFO(left);
    if (listing) {
      CHECK(paths_of(*listing) == all);
    } else {
      CHECK(listing.error().code == ErrorCode::unavailable);
      ++failures;
    }
    if (content) {
      CHECK(content->has_value());
    } else {
      CHECK(content.error().code == ErrorCode::unavailable);
      ++failures;
    }
  }

  CHECK(failures > 4);
  CHECK(failures < 20);
}

TEST_CASE("source files: a data directory of codehelper inside the project is not listed") {
  const TemporaryDirectory folder;
  folder.write("a.c", "x");
  folder.write("0123456789abcdef.db.lock", "x");
  for (const char* ending : {"", "-wal", "-shm", ".lock", ".sound"}) {
    folder.write("data/index/my_project-0123456789abcdef.db" + std::string(ending), "1");
  }

  REQUIRE(paths_of(list(folder.path())) == Paths{"0123456789abcdef.db.lock", "a.c"});
}
