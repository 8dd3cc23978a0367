#include <catch2/catch.hpp>

#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "execute/copy_place.hpp"
#include "execute/project_copy.hpp"
#include "execute/tree_removal.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

struct CopyFixture {
  CopyFixture() {
    fs::create_directories(folder.path() / "project");
    fs::create_directories(folder.path() / "copies/one");
    plan.project = folder.path() / "project";
    plan.place = folder.path() / "copies";
    plan.copy = plan.links_to = folder.path() / "copies/one";
  }

  Result<void> copy() {
    ProjectCopy made(plan);
    while (true) {
      const auto is_done = made.step(std::chrono::milliseconds(1));
      if (!is_done) return std::unexpected(is_done.error());
      if (*is_done) return {};
    }
  }
  std::string text(const std::string& path) const {
    std::ostringstream text;
    text << std::ifstream(plan.copy / path, std::ios::binary).rdbuf();
    return text.str();
  }
  struct stat status(const fs::path& path) const {
    struct stat found{};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found;
  }

  TemporaryDirectory folder;
  ProjectCopy::Plan plan;
};

}  // namespace

TEST_CASE_METHOD(CopyFixture, "project copy: has contents, modes and times; links stay links") {
  folder.write("project/a/run.sh", "#!/bin/sh\n");
  folder.write("project/big", std::string(20'000'000, 'x'));
  fs::create_symlink(plan.project / "a/run.sh", plan.project / "inside");
  fs::create_symlink("/etc/passwd", plan.project / "outside");
  ::chmod((plan.project / "a/run.sh").c_str(), 04755);
  ::chmod((plan.project / "a").c_str(), 0555);
  const timespec past[2] = {{1'000'000, 5}, {2'000'000, 7}};
  for (const char* path : {"a/run.sh", "a"}) ::utimensat(AT_FDCWD, (plan.project / path).c_str(), past, 0);

  REQUIRE(copy().has_value());

  CHECK(text("a/run.sh") == "#!/bin/sh\n");
  CHECK(text("big") == std::string(20'000'000, 'x'));
  CHECK((status(plan.copy / "a/run.sh").st_mode & 07777) == 0755);
  CHECK((status(plan.copy / "a").st_mode & 07777) == 0555);
  CHECK(status(plan.copy / "a/run.sh").st_mtim.tv_sec == 2'000'000);
  CHECK(status(plan.copy / "a").st_mtim.tv_nsec == 7);
  CHECK(fs::read_symlink(plan.copy / "inside") == plan.copy / "a/run.sh");
  CHECK(fs::read_symlink(plan.copy / "outside") == "/etc/passwd");
  remove_tree(plan.copy);
  CHECK_FALSE(fs::exists(plan.copy));
  ::chmod((plan.project / "a").c_str(), 0755);
}

TEST_CASE_METHOD(CopyFixture,
                 "project copy: leaves out pipes and sockets, keeps holes, and is not copied into itself") {
  REQUIRE(::mkfifo((plan.project / "pipe").c_str(), 0644) == 0);
  folder.write("project/file", "x");
  fs::resize_file(folder.write("project/holes", "begin"), std::uintmax_t{1} << 30);
  fs::create_directories(plan.project / "copies/one");
  plan.copy = plan.project / "copies/one";
  plan.rules.bytes_max = 1'000'000;

  REQUIRE(copy().has_value());

  CHECK(fs::exists(plan.copy / "file"));
  CHECK_FALSE(fs::exists(plan.copy / "pipe"));
  CHECK(fs::file_size(plan.copy / "holes") == std::uintmax_t{1} << 30);
  CHECK(status(plan.copy / "holes").st_blocks < 1000);
  CHECK_FALSE(fs::exists(plan.copy / "copies/one"));
}

TEST_CASE_METHOD(CopyFixture,
                 "project copy: changes are made in the copy, through no link, and emptied directories go") {
  folder.write("project/old/only", "x");
  folder.write("project/kept", "before");
  folder.write("elsewhere/file", "untouched");
  fs::create_symlink(folder.path() / "elsewhere", plan.project / "link");
  plan.changes = {{"old/only", std::nullopt, false}, {"kept", "after", true}, {"new/dir/file", "made", false}};

  REQUIRE(copy().has_value());
  plan.copy = plan.links_to = folder.path() / "copies/two";
  fs::create_directory(plan.copy);
  plan.changes = {{"link/file", "through", false}};
  const auto through = copy();

  CHECK_FALSE(through.has_value());
  std::ifstream outside(folder.path() / "elsewhere/file");
  CHECK(std::string(std::istreambuf_iterator<char>(outside), {}) == "untouched");
  plan.copy = folder.path() / "copies/one";
  CHECK_FALSE(fs::exists(plan.copy / "old"));
  CHECK(text("kept") == "after");
  CHECK((status(plan.copy / "kept").st_mode & 0777) == 0755);
  CHECK(text("new/dir/file") == "made");
}

TEST_CASE_METHOD(CopyFixture, "project copy: a full disk is told with the place and the setting") {
  if (::mount("tmpfs", plan.place.c_str(), "tmpfs", 0, "size=1m") != 0) return;  // for root only
  fs::create_directories(plan.copy);
  folder.write("project/big", std::string(4'000'000, 'x'));

  const auto result = copy();
  ::umount2(plan.place.c_str(), MNT_DETACH);

  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::overloaded);
  CHECK_THAT(result.error().message, Catch::Contains(plan.place.string()) && Catch::Contains("RUNNER_COPY_DIR"));
}

TEST_CASE("tree removal: removes what is deeper than a path can be and directories without rights") {
  const TemporaryDirectory folder;
  const fs::path top = folder.path() / "top";
  fs::create_directory(top);
  FileDescriptor at(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string name(200, 'd');
  for (int depth = 0; depth < 100; ++depth) {
    REQUIRE(::mkdirat(at.get(), name.c_str(), 0700) == 0);
    at = FileDescriptor(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  folder.write("top/closed/inner/file", "x");
  folder.write("outside/file", "x");
  fs::create_directory_symlink(folder.path() / "outside", top / "link");
  ::chmod((top / "closed/inner").c_str(), 0);
  ::chmod((top / "closed").c_str(), 0500);

  remove_tree(top);

  CHECK_FALSE(fs::exists(top));
  CHECK(fs::exists(folder.path() / "outside/file"));
}

TEST_CASE("copy place: what a process that is gone has left is removed, what is in use and what is other stays") {
  const TemporaryDirectory folder;
  auto used = CopyPlace::make(folder.path() / "copies");
  REQUIRE(used.has_value());
  folder.write("copies/codehelper-copy-left/project/file", "x");
  folder.write("copies/other/file", "x");
  fs::create_directory_symlink(folder.path() / "copies/other", folder.path() / "copies/codehelper-copy-link");

  remove_left_copies(folder.path() / "copies");

  CHECK(fs::exists(used->path()));
  CHECK_FALSE(fs::exists(folder.path() / "copies/codehelper-copy-left"));
  CHECK(fs::exists(folder.path() / "copies/other/file"));
  const fs::path path = used->path();
  used = fail(ErrorCode::internal, "the process is gone");
  remove_left_copies(folder.path() / "copies");
  CHECK_FALSE(fs::exists(path));
}
