#include "codehelper/execute/test_command.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::TemporaryDirectory;

namespace {

using Files = std::vector<std::pair<const char*, const char*>>;
using Command = std::vector<std::string>;

constexpr const char* kRealScript = R"({"scripts":{"test":"node --test"}})";
constexpr const char* kDefaultScript = R"({"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}})";

Result<Command> detect(const Files& files) {
  const TemporaryDirectory project;
  for (const auto& [name, content] : files) project.write(name, content);
  return detect_test_command(project.path());
}

}  // namespace

TEST_CASE("test command: is the usual one of each kind of project") {
  const Command pytest{"pytest"};
  const Command npm{"npm", "test"};
  const std::vector<std::pair<Files, Command>> cases = {
      {{{"pyproject.toml", ""}}, pytest},
      {{{"pytest.ini", ""}}, pytest},
      {{{"setup.py", ""}}, pytest},
      {{{"setup.cfg", ""}}, pytest},
      {{{"tox.ini", ""}}, pytest},
      {{{"tests/unit.py", ""}}, pytest},
      {{{"test_it.py", ""}}, pytest},
      {{{"app.py", ""}}, pytest},
      {{{"package.json", kRealScript}, {"test_it.py", ""}}, npm},
      {{{"Cargo.toml", ""}, {"tests/gen.py", ""}}, {"cargo", "test"}},
      {{{"package.json", kRealScript}}, npm},
      {{{"package.json", kRealScript}, {"helper.py", ""}}, npm},
      {{{"package.json", kDefaultScript}, {"Cargo.toml", ""}}, {"cargo", "test"}},
      {{{"package.json", "{"}, {"go.mod", ""}}, {"go", "test", "./..."}},
      {{{"package.json", R"({"scripts":{"test":""}})"}, {"go.mod", ""}}, {"go", "test", "./..."}},
      {{{"Cargo.toml", ""}, {"Makefile", "test:\n"}}, {"cargo", "test"}},
      {{{"go.mod", ""}}, {"go", "test", "./..."}},
      {{{"pom.xml", ""}}, {"mvn", "test"}},
      {{{"build.gradle", ""}}, {"gradle", "test"}},
      {{{"build.gradle.kts", ""}}, {"gradle", "test"}},
      {{{"CMakeLists.txt", ""}, {"build/CTestTestfile.cmake", ""}},
       {"ctest", "--test-dir", "build", "--output-on-failure"}},
      {{{"CMakeLists.txt", ""}, {"build/dev/CTestTestfile.cmake", ""}},
       {"ctest", "--test-dir", "build/dev", "--output-on-failure"}},
      {{{"CMakeLists.txt", ""}, {"cmake-build-debug/CTestTestfile.cmake", ""}, {"Makefile", "test:\n"}},
       {"ctest", "--test-dir", "cmake-build-debug", "--output-on-failure"}},
      {{{"Makefile", "all:\n\ttrue\n\ntest: all\n\ttrue\n"}}, {"make", "test"}},
      {{{"Makefile", ".PHONY: test\ncheck :\n\ttrue\n"}}, {"make", "check"}},
      {{{"Makefile", "test := 1\ntests:\n"}, {"app.py", ""}}, pytest},
  };

  for (const auto& [files, expected] : cases) {
    const auto command = detect(files);

    CAPTURE(files.front().first, files.back().first, files.front().second);
    REQUIRE(command.has_value());
    CHECK(*command == expected);
  }
}

TEST_CASE("test command: says what it looked for when there is nothing") {
  for (const Files& files : std::vector<Files>{{},
                                               {{"README.md", "x"}},
                                               {{"package.json", kDefaultScript}},
                                               {{"CMakeLists.txt", ""}},
                                               {{"Makefile", "all:\n\techo test:\n"}}}) {
    const auto command = detect(files);

    REQUIRE_FALSE(command.has_value());
    CHECK(command.error().code == ErrorCode::not_found);
    CHECK(command.error().message.contains("Cargo.toml"));
    CHECK(command.error().message.contains("\"command\""));
  }
}

TEST_CASE("test command: a project that is not there is not found") {
  CHECK(detect_test_command("/missing/project").error().code == ErrorCode::not_found);
}
