#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/execute/test_command.hpp"

namespace codehelper {

namespace {

using Arguments = std::span<const std::string>;

constexpr std::array<std::string_view, 11> kRunners = {"ava",       "ctest",  "jasmine", "jest",  "mocha", "nose2",
                                                       "nosetests", "pytest", "tox",     "trial", "vitest"};

bool is_runner(std::string_view name) {
  return std::ranges::find(kRunners, name) != kRunners.end();
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// "test", "check", "test:unit", "unit-tests", "integrationTest", ":app:check"; not "latest".
bool names_tests(std::string_view target) {
  if (target == "check" || target.ends_with(":check") || target.contains("Test")) return true;
  const std::size_t at = target.find("test");
  return at != std::string_view::npos && (at == 0 || !is_letter(target[at - 1]));
}

bool is_option(const std::string& argument) {
  return argument.starts_with('-') || argument.contains('=');
}

bool has_target(Arguments arguments, bool (*is_wanted)(std::string_view)) {
  return std::ranges::any_of(arguments,
                             [&](const std::string& argument) { return !is_option(argument) && is_wanted(argument); });
}

// The first argument that is no option, and what follows it.
Arguments after_options(Arguments arguments) {
  const auto first = std::ranges::find_if_not(arguments, is_option);
  return {first, arguments.end()};
}

bool is_python_test(Arguments arguments) {
  const auto module = std::ranges::find(arguments, "-m");
  if (module == arguments.end() || std::next(module) == arguments.end()) return false;
  const std::string& name = *std::next(module);
  return is_runner(name) || name == "unittest" || name == "doctest";
}

bool is_npm_test(Arguments arguments) {
  const Arguments rest = after_options(arguments);
  if (rest.empty()) return false;
  if (rest[0] == "test" || rest[0] == "t" || rest[0] == "tst" || rest[0] == "it") return true;
  const bool is_script = (rest[0] == "run" || rest[0] == "run-script") && rest.size() > 1;
  return is_script && names_tests(rest[1]);
}

bool is_first_target(Arguments arguments, std::initializer_list<std::string_view> targets) {
  const Arguments rest = after_options(arguments);
  return !rest.empty() && std::ranges::find(targets, rest[0]) != targets.end();
}

bool is_maven_phase_with_tests(std::string_view phase) {
  static constexpr std::array<std::string_view, 4> kPhases = {"test", "integration-test", "verify", "surefire:test"};
  return std::ranges::find(kPhases, phase) != kPhases.end();
}

}  // namespace

bool is_test_command(const std::vector<std::string>& command) {
  if (command.empty()) return false;
  const std::string& name = command.front();
  const Arguments arguments = Arguments(command).subspan(1);
  if (is_runner(name)) return true;
  if (name == "python" || name.starts_with("python3")) return is_python_test(arguments);
  if (name == "npm") return is_npm_test(arguments);
  if (name == "npx") return has_target(arguments.first(std::min<std::size_t>(arguments.size(), 2)), is_runner);
  if (name == "node") return std::ranges::find(arguments, "--test") != arguments.end();
  if (name == "cargo") return is_first_target(arguments, {"test", "t", "nextest"});
  if (name == "go") return is_first_target(arguments, {"test"});
  if (name == "mvn") return has_target(arguments, is_maven_phase_with_tests);
  if (name == "gradle" || name == "make") return has_target(arguments, names_tests);
  if (name == "cmake") return std::ranges::find(arguments, "test") != arguments.end();
  return false;
}

}  // namespace codehelper
