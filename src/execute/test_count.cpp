// The closing lines of test runners. Each reader below names the line it reads; tests hold real outputs of each.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/text.hpp"
#include "codehelper/execute/test_command.hpp"

namespace codehelper {

namespace {

using Lines = std::vector<std::string_view>;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// Colours are control sequences: ESC [ parameters letter.
std::string without_colours(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const std::size_t escape = std::min(text.find("\x1b["), text.size());
    plain += text.substr(0, escape);
    text.remove_prefix(escape);
    const std::size_t letter = text.find_first_not_of("0123456789;", std::min<std::size_t>(2, text.size()));
    text.remove_prefix(std::min(letter == std::string_view::npos ? text.size() : letter + 1, text.size()));
  }
  return plain;
}

// Without a sign, and so small that sums can't overflow.
std::optional<long> leading_number(std::string_view text) {
  constexpr unsigned kMost = 1'000'000'000;
  unsigned number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} && number <= kMost ? std::optional<long>(number) : std::nullopt;
}

// "Failures: 2" with the label "Failures: ".
std::optional<long> number_after(std::string_view line, std::string_view label) {
  const std::size_t at = line.find(label);
  return at == std::string_view::npos ? std::nullopt : leading_number(line.substr(at + label.size()));
}

// "2 failed" with the word "failed": the number right before the whole word.
std::optional<long> number_before(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const std::size_t after = at + word.size();
    const bool is_whole = after == line.size() || std::isalpha(static_cast<unsigned char>(line[after])) == 0;
    if (!is_whole || at < 2 || line[at - 1] != ' ') continue;
    std::size_t begin = at - 1;
    while (begin > 0 && std::isdigit(static_cast<unsigned char>(line[begin - 1])) != 0) --begin;
    if (const auto number = leading_number(line.substr(begin, at - 1 - begin))) return number;
  }
  return std::nullopt;
}

long sum_before(std::string_view line, std::initializer_list<std::string_view> words) {
  long sum = 0;
  for (const std::string_view word : words) sum += number_before(line, word).value_or(0);
  return sum;
}

// The last line for which `fits` holds.
template <class Predicate>
std::optional<std::string_view> last_line(const Lines& lines, Predicate fits) {
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (fits(*line)) return *line;
  }
  return std::nullopt;
}

std::optional<std::string_view> last_line_with(const Lines& lines, std::string_view prefix) {
  return last_line(lines, [prefix](std::string_view line) { return trim(line).starts_with(prefix); });
}

// "==== 1 failed, 2 passed, 1 skipped in 0.05s ====", with -q without the rules.
std::optional<TestCount> read_pytest(const Lines& lines) {
  const auto inner = [](std::string_view line) {
    line = trim(line);
    while (line.starts_with('=')) line.remove_prefix(1);
    while (line.ends_with('=')) line.remove_suffix(1);
    return trim(line);
  };
  const auto line = last_line(lines, [&](std::string_view candidate) {
    candidate = inner(candidate);
    const std::size_t time = candidate.rfind(" in ");
    if (time == std::string_view::npos || !leading_number(candidate.substr(time + 4))) return false;
    if (candidate.starts_with("no tests ran")) return true;
    if (!leading_number(candidate)) return false;
    constexpr std::array<std::string_view, 9> kWords = {"passed",  "failed",  "error",      "errors",  "skipped",
                                                        "xfailed", "xpassed", "deselected", "warnings"};
    return std::ranges::any_of(kWords,
                               [&](std::string_view word) { return number_before(candidate, word).has_value(); });
  });
  if (!line) return std::nullopt;
  const long failed = sum_before(*line, {"failed", "error", "errors"});
  return TestCount{true, failed + sum_before(*line, {"passed", "xfailed", "xpassed"}), failed,
                   sum_before(*line, {"skipped"})};
}

// "Ran 3 tests in 0.001s", then "OK" or "FAILED (failures=1, errors=1, skipped=1)".
std::optional<TestCount> read_unittest(const Lines& lines) {
  const auto ran = last_line(lines, [](std::string_view line) {
    return line.starts_with("Ran ") && (line.contains(" tests in ") || line.contains(" test in "));
  });
  if (!ran) return std::nullopt;
  TestCount count{true, number_after(*ran, "Ran ").value_or(0), 0};
  const auto verdict =
      last_line(lines, [](std::string_view line) { return line.starts_with("FAILED (") || line.starts_with("OK"); });
  if (verdict) {
    count.skipped = number_after(*verdict, "skipped=").value_or(0);
    count.run = std::max(count.run - count.skipped, 0L);
    for (const std::string_view label : {"(failures=", " failures=", "(errors=", " errors=", "unexpected successes="}) {
      count.failed += number_after(*verdict, label).value_or(0);
    }
  }
  return count;
}

// "# tests 3", "# pass 2", "# fail 1", "# cancelled 0"; with an "ℹ" in place of "#" on a terminal-like output.
std::optional<TestCount> read_node(const Lines& lines) {
  for (const std::string mark : {"# ", "ℹ "}) {
    const auto number = [&](const std::string& name) -> std::optional<long> {
      const auto line = last_line_with(lines, mark + name + " ");
      return line ? number_after(*line, name + " ") : std::nullopt;
    };
    const auto passed = number("pass");
    const auto failed = number("fail");
    if (!number("tests") || !passed || !failed) continue;
    const long all_failed = *failed + number("cancelled").value_or(0);
    const long skipped = number("skipped").value_or(0) + number("todo").value_or(0);
    return TestCount{true, *passed + all_failed, all_failed, skipped};
  }
  return std::nullopt;
}

// jest: "Tests:       1 failed, 1 skipped, 2 passed, 4 total".
std::optional<TestCount> read_jest(const Lines& lines) {
  const auto line = last_line_with(lines, "Tests:");
  if (!line || !number_before(*line, "total")) return std::nullopt;
  const long failed = sum_before(*line, {"failed"});
  return TestCount{true, failed + sum_before(*line, {"passed"}), failed, sum_before(*line, {"skipped", "todo"})};
}

// vitest: "      Tests  1 failed | 2 passed | 1 skipped (4)".
std::optional<TestCount> read_vitest(const Lines& lines) {
  const auto line = last_line(lines, [](std::string_view candidate) {
    candidate = trim(candidate);
    return candidate.starts_with("Tests  ") && candidate.ends_with(')');
  });
  if (!line) return std::nullopt;
  const long failed = sum_before(*line, {"failed"});
  return TestCount{true, failed + sum_before(*line, {"passed"}), failed, sum_before(*line, {"skipped", "todo"})};
}

// mocha: "  2 passing (5ms)", "  1 pending", "  1 failing".
std::optional<TestCount> read_mocha(const Lines& lines) {
  const auto passing = last_line(lines, [](std::string_view line) {
    return leading_number(trim(line)) && number_before(trim(line), "passing") && trim(line).ends_with(')');
  });
  if (!passing) return std::nullopt;
  const auto number_of = [&](std::string_view ending) {
    const auto line = last_line(lines, [ending](std::string_view candidate) {
      return leading_number(trim(candidate)) && trim(candidate).ends_with(ending);
    });
    return line ? leading_number(trim(*line)).value_or(0) : 0;
  };
  const long failed = number_of(" failing");
  return TestCount{true, failed + leading_number(trim(*passing)).value_or(0), failed, number_of(" pending")};
}

// cargo, once for each test binary: "test result: FAILED. 1 passed; 1 failed; 0 ignored; …".
std::optional<TestCount> read_cargo(const Lines& lines) {
  TestCount count;
  for (const std::string_view line : lines) {
    if (!line.starts_with("test result: ") || !number_before(line, "passed")) continue;
    count.known = true;
    count.run += sum_before(line, {"passed", "failed"});
    count.failed += sum_before(line, {"failed"});
    count.skipped += sum_before(line, {"ignored"});
  }
  return count.known ? std::optional(count) : std::nullopt;
}

// go test -v names each test ("--- PASS: TestAdd (0.00s)"; subtests are indented and belong to theirs); without -v only
// packages are told ("ok  \texample.com/a\t0.002s", "FAIL\texample.com/b\t0.003s"), so these are counted. A package
// with
// "[no tests to run]" or "[no test files]" has run nothing.
std::optional<TestCount> read_go(const Lines& lines) {
  TestCount tests{.known = true};
  TestCount packages{.known = true, .unit = TestUnit::packages};
  bool names_tests = false;
  bool names_packages = false;
  for (const std::string_view line : lines) {
    const bool failed_test = line.starts_with("--- FAIL: ");
    const bool failed_package = line.starts_with("FAIL\t");
    const bool good_package = line.starts_with("ok  \t");
    names_tests = names_tests || line.starts_with("=== RUN ");
    names_packages = names_packages || failed_package || good_package || line.starts_with("?   \t");
    tests.run += failed_test || line.starts_with("--- PASS: ") ? 1 : 0;
    tests.failed += failed_test ? 1 : 0;
    tests.skipped += line.starts_with("--- SKIP: ") ? 1 : 0;
    packages.run += failed_package || (good_package && !line.contains("[no tests to run]")) ? 1 : 0;
    packages.failed += failed_package ? 1 : 0;
  }
  if (!names_packages) return std::nullopt;
  return names_tests ? tests : packages;
}

// "67% tests passed, 1 tests failed out of 3"; newer ones say "1 test failed". Skipped ones count as passed there; they
// are listed after it ("  2 - name (Skipped)"). With no test at all: "No tests were found!!!".
std::optional<TestCount> read_ctest(const Lines& lines) {
  const auto line = last_line(lines, [](std::string_view candidate) {
    return (candidate.contains("% tests passed, ") && candidate.contains(" failed out of ")) ||
           candidate == "No tests were found!!!";
  });
  if (!line) return std::nullopt;
  const long skipped = std::ranges::count_if(lines, [](std::string_view candidate) {
    return leading_number(trim(candidate)) && candidate.contains(" - ") && trim(candidate).ends_with(" (Skipped)");
  });
  return TestCount{true, std::max(number_after(*line, " out of ").value_or(0) - skipped, 0L),
                   number_after(*line, "% tests passed, ").value_or(0), skipped};
}

// Surefire, once for each module: "[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 1"; the lines of single
// classes go on with "Time elapsed".
std::optional<TestCount> read_maven(const Lines& lines) {
  TestCount count;
  for (const std::string_view line : lines) {
    const auto run = number_after(line, "Tests run: ");
    if (!run || !line.contains("Failures: ") || line.contains("Time elapsed")) continue;
    count.known = true;
    const long skipped = number_after(line, "Skipped: ").value_or(0);
    count.run += std::max(*run - skipped, 0L);
    count.skipped += skipped;
    count.failed += number_after(line, "Failures: ").value_or(0) + number_after(line, "Errors: ").value_or(0);
  }
  return count.known ? std::optional(count) : std::nullopt;
}

// Gradle tells numbers only when something failed: "3 tests completed, 1 failed, 1 skipped", once for each module.
std::optional<TestCount> read_gradle(const Lines& lines) {
  TestCount count;
  for (const std::string_view line : lines) {
    if (!line.contains(" tests completed") && !line.contains(" test completed")) continue;
    const auto completed = leading_number(line);
    if (!completed) continue;
    count.known = true;
    const long skipped = number_before(line, "skipped").value_or(0);
    count.run += std::max(*completed - skipped, 0L);
    count.skipped += skipped;
    count.failed += number_before(line, "failed").value_or(0);
  }
  return count.known ? std::optional(count) : std::nullopt;
}

// jest "No tests found, exiting with code 1", vitest "No test files found, …", Maven "[INFO] No tests to run.".
std::optional<TestCount> read_nothing_found(const Lines& lines) {
  const auto line = last_line(lines, [](std::string_view candidate) {
    candidate = trim(candidate);
    return candidate.starts_with("No tests found, exiting") || candidate.starts_with("No test files found, exiting") ||
           candidate.ends_with("] No tests to run.");
  });
  return line ? std::optional(TestCount{.known = true}) : std::nullopt;
}

}  // namespace

std::string_view to_string(TestUnit unit) {
  return unit == TestUnit::packages ? "packages" : "tests";
}

std::string_view judge_tests(const TestCount& count, int exit_code) {
  if (exit_code != 0 || count.failed > 0) return "failed";
  if (!count.known) return "unknown";
  return count.ran_nothing() ? "no_tests" : "passed";
}

std::string describe_number(long number, TestUnit unit) {
  std::string_view noun = to_string(unit);
  if (number == 1) noun.remove_suffix(1);
  return fmt::format("{} {}", number, noun);
}

TestCount count_tests(std::string_view standard_output, std::string_view standard_error) {
  static constexpr std::array kReaders = {read_pytest, read_jest,   read_vitest,   read_node,
                                          read_mocha,  read_cargo,  read_go,       read_ctest,
                                          read_maven,  read_gradle, read_unittest, read_nothing_found};
  for (const std::string_view output : {standard_output, standard_error}) {
    const std::string plain = without_colours(output);
    const Lines lines = split_lines(plain);
    for (const auto reader : kReaders) {
      if (const auto count = reader(lines)) return *count;
    }
  }
  return {};
}

}  // namespace codehelper
