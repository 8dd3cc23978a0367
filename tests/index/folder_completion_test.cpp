#include "codehelper/index/folder_completion.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::TemporaryDirectory;
namespace fs = std::filesystem;

TEST_CASE("folder completion: at most so many, the first by name") {
  const TemporaryDirectory folder;
  for (int i = 0; i < 30; ++i) fs::create_directory(folder.path() / fmt::format("f{:02}", i));

  const auto found = complete_folder(folder.path().string() + "/f", std::nullopt, 5);

  REQUIRE(found.size() == 5);
  CHECK(found.front() == (folder.path() / "f00").string());
  CHECK(found.back() == (folder.path() / "f04").string());
}

TEST_CASE("folder completion: a folder by a link inside the root is told, one by a link out of it is not") {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path() / "root/real");
  fs::create_directory(folder.path() / "other");
  fs::create_directory_symlink(folder.path() / "root/real", folder.path() / "root/inside");
  fs::create_directory_symlink(folder.path() / "other", folder.path() / "root/outside");
  const std::string root = (folder.path() / "root").string();

  const auto found = complete_folder(root + "/", folder.path() / "root", 10);

  CHECK(found == std::vector<std::string>{root + "/inside", root + "/real"});
}

TEST_CASE("folder completion: names that are no text are left out, and what is gone has no folders") {
  const TemporaryDirectory folder;
  fs::create_directory(folder.path() / "\xff\xfe");
  fs::create_directory(folder.path() / "ok");

  CHECK(complete_folder(folder.path().string() + "/", std::nullopt, 10) ==
        std::vector<std::string>{(folder.path() / "ok").string()});
  CHECK(complete_folder((folder.path() / "gone/").string(), std::nullopt, 10).empty());
  CHECK(complete_folder("", std::nullopt, 10) == std::vector<std::string>{"/"});
}
