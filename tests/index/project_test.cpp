#include "codehelper/index/project.hpp"

#include <catch2/catch.hpp>

#include "support/temporary_directory.hpp"

using namespace codehelper;

TEST_CASE("project: the root has its links resolved, the posted path stays") {
  const test::TemporaryDirectory folder;
  std::filesystem::create_directory(folder.path() / "real");
  std::filesystem::create_symlink("real", folder.path() / "link");
  const auto posted = (folder.path() / "link" / "..").string() + "/link/";

  const auto project = open_project(posted);

  REQUIRE(project.has_value());
  REQUIRE(project->posted_path == posted);
  REQUIRE(project->root == folder.path() / "real");
}

TEST_CASE("project: what is no directory is refused with its name") {
  const test::TemporaryDirectory folder;
  const auto file = folder.write("file", "x").string();
  const auto missing = (folder.path() / "missing").string();
  const std::string with_nul("/tmp\0/x", 7);

  for (const auto& path : {std::string(), with_nul, file, missing}) {
    const auto project = open_project(path);

    REQUIRE_FALSE(project.has_value());
    CHECK(project.error().code == ErrorCode::invalid_input);
  }
  CHECK(open_project(missing).error().message.find(missing) != std::string::npos);
}

TEST_CASE("project: a directory that is gone can still be named") {
  const test::TemporaryDirectory folder;
  const auto gone = folder.path() / "gone";

  const auto project = name_project((folder.path() / "x" / ".." / "gone").string() + "/");
  const auto existing = name_project(folder.path().string());

  REQUIRE(project.has_value());
  REQUIRE(project->root == gone);
  REQUIRE(existing.has_value());
  REQUIRE(existing->root == folder.path());
  REQUIRE_FALSE(name_project("").has_value());
}
