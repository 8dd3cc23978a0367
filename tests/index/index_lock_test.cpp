#include <catch2/catch.hpp>

#include <unistd.h>

#include <fstream>

#include "codehelper/index/indexer.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper {

TEST_CASE("index lock: only one holder a project, until it lets go") {
  const test::TemporaryDirectory data;
  const Project project{"/a", "/a"};
  const Project other{"/b", "/b"};
  CHECK_FALSE(IndexLock::is_held(data.path(), project));
  {
    auto lock = IndexLock::acquire(data.path(), project);
    REQUIRE(lock);
    const IndexLock moved = std::move(*lock);

    auto second = IndexLock::acquire(data.path(), project);

    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::conflict);
    CHECK(IndexLock::is_held(data.path(), project));
    CHECK_FALSE(IndexLock::is_held(data.path(), other));
    CHECK(IndexLock::acquire(data.path(), other).has_value());
  }
  CHECK_FALSE(IndexLock::is_held(data.path(), project));
  CHECK(IndexLock::acquire(data.path(), project).has_value());
}

TEST_CASE("index lock: holds the process id for people") {
  const test::TemporaryDirectory data;
  const Project project{"/a", "/a"};
  auto lock = IndexLock::acquire(data.path(), project);
  REQUIRE(lock);

  std::ifstream file(embedded_index_path(data.path(), project).string() + ".lock");
  int id = 0;
  file >> id;

  CHECK(id == ::getpid());
}

TEST_CASE("index lock: a folder that can't be made is an error that names the file") {
  const test::TemporaryDirectory data;
  data.write("file", "no folder");

  auto lock = IndexLock::acquire(data.path() / "file", {"/a", "/a"});

  REQUIRE_FALSE(lock);
  CHECK(lock.error().code == ErrorCode::unavailable);
  CHECK(lock.error().message.find((data.path() / "file").string()) != std::string::npos);
}

}  // namespace codehelper
