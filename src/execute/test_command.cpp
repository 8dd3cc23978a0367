#include "codehelper/execute/test_command.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "make_target.hpp"

namespace codehelper {

namespace fs = std::filesystem;

namespace {

using Command = std::vector<std::string>;

bool has_file(const fs::path& directory, std::string_view name) {
  std::error_code error;
  return fs::is_regular_file(directory / name, error);
}

std::string read_text(const fs::path& file) {
  constexpr std::size_t kLimit = std::size_t{1024} * 1024;
  std::ifstream stream(file, std::ios::binary);
  std::string text(kLimit, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

// Names in the directory itself, sorted; empty when it can't be read.
std::vector<std::string> list_names(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

bool has_python_files(const fs::path& directory, std::string_view prefix) {
  return std::ranges::any_of(list_names(directory), [prefix](const std::string& name) {
    return name.starts_with(prefix) && name.ends_with(".py");
  });
}

bool is_python_project(const fs::path& project) {
  static constexpr std::array<std::string_view, 6> kMarkers = {"pyproject.toml", "pytest.ini", "setup.py",
                                                               "setup.cfg",      "tox.ini",    "conftest.py"};
  return std::ranges::any_of(kMarkers, [&](std::string_view name) { return has_file(project, name); });
}

// Signs that other projects may show too: scripts among their tests.
bool has_python_tests(const fs::path& project) {
  return has_python_files(project / "tests", "") || has_python_files(project / "test", "test_") ||
         has_python_files(project, "");
}

// npm init writes a script that only says there is none.
bool has_npm_tests(const fs::path& project) {
  if (!has_file(project, "package.json")) return false;
  boost::json::error_code error;
  const boost::json::value package = boost::json::parse(read_text(project / "package.json"), error);
  if (error) return false;
  const boost::json::value* script = package.find_pointer("/scripts/test", error);
  if (script == nullptr || !script->is_string()) return false;
  const std::string_view text = script->as_string();
  return !text.empty() && !text.contains("no test specified");
}

// A build directory of the usual names, or one level below ("build/dev", as presets make them).
std::optional<std::string> find_ctest_directory(const fs::path& project) {
  static constexpr std::array<std::string_view, 4> kPrefixes = {"build", "_build", "cmake-build", "out"};
  const auto is_build = [](const std::string& name) {
    return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
  };
  for (const std::string& name : list_names(project)) {
    if (!is_build(name)) continue;
    if (has_file(project / name, "CTestTestfile.cmake")) return name;
    for (const std::string& inner : list_names(project / name)) {
      if (has_file(project / name / inner, "CTestTestfile.cmake")) return (fs::path(name) / inner).string();
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_make_target(const fs::path& project) {
  for (const std::string_view file : {"GNUmakefile", "makefile", "Makefile"}) {
    if (has_file(project, file)) return find_test_target(read_text(project / file));  // make reads only the first
  }
  return std::nullopt;
}

}  // namespace

Result<Command> detect_test_command(const fs::path& project) {
  if (is_python_project(project)) return Command{"pytest"};
  if (has_npm_tests(project)) return Command{"npm", "test"};
  if (has_file(project, "Cargo.toml")) return Command{"cargo", "test"};
  if (has_file(project, "go.mod")) return Command{"go", "test", "./..."};
  if (has_file(project, "pom.xml")) return Command{"mvn", "test"};
  if (has_file(project, "build.gradle") || has_file(project, "build.gradle.kts")) return Command{"gradle", "test"};
  if (const auto directory = find_ctest_directory(project)) {
    return Command{"ctest", "--test-dir", *directory, "--output-on-failure"};
  }
  if (const auto target = find_make_target(project)) return Command{"make", *target};
  if (has_python_tests(project)) return Command{"pytest"};
  return fail(ErrorCode::not_found,
              "no test command found for " + project.string() +
                  ": looked for a Python project, package.json with a test script, Cargo.toml, go.mod, pom.xml, "
                  "build.gradle, a CMake build directory with tests, and a Makefile with the target test or check; "
                  "give the command in the field \"command\", for instance [\"make\", \"test\"]");
}

}  // namespace codehelper
