#include <algorithm>
#include <array>
#include <sstream>

#include "codehelper/agents/crew.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

std::vector<std::string> words_of(std::string_view message) {
  std::string text = to_lower_ascii(message);
  std::ranges::replace_if(text, [](char c) { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_'; }, ' ');
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool is_any_of(std::string_view word, auto... names) {
  return ((word == names) || ...);
}

// What is left of a request to run the tests when its own words are taken away.
bool asks_for_more_than_tests(const std::vector<std::string>& words) {
  return std::ranges::any_of(words, [](const std::string& word) {
    return !is_any_of(word, "run", "rerun", "execute", "the", "all", "test", "tests", "testsuite", "suite", "unit",
                      "please", "my", "our", "now", "again", "and", "do", "does", "are", "is", "did", "pass", "passing",
                      "green", "fail", "failing", "can", "you", "me", "tell", "if", "whether", "they", "of", "this",
                      "project");
  });
}

// "run the tests", "run all unit tests", "do the tests pass": a verb and "tests" with at most three words between.
// A question about the tests, or a wish that they be left alone, runs nothing.
bool asks_to_run_tests(const std::vector<std::string>& words) {
  const auto forbids = [](const std::string& word) {
    return is_any_of(word, "don", "dont", "not", "never", "without");
  };
  const bool is_question =
      !words.empty() && is_any_of(words.front(), "where", "what", "which", "who", "why", "when", "how");
  if (is_question || std::ranges::any_of(words, forbids)) return false;
  constexpr std::size_t kReach = 4;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_any_of(words[i], "test", "tests", "testsuite")) continue;
    const std::size_t before = i < kReach ? 0 : i - kReach;
    const std::size_t after = std::min(words.size(), i + kReach);
    const auto is_run = [](const std::string& word) { return is_any_of(word, "run", "execute", "rerun"); };
    const auto is_pass = [](const std::string& word) {
      return is_any_of(word, "pass", "passing", "green", "fail", "failing");
    };
    const auto at = [&](std::size_t index) { return words.begin() + static_cast<std::ptrdiff_t>(index); };
    if (std::any_of(at(before), at(i), is_run)) return true;
    const bool is_asked = is_any_of(words.front(), "do", "does", "are", "did") && !asks_for_more_than_tests(words);
    if (is_asked && std::any_of(at(i), at(after), is_pass)) return true;
  }
  return false;
}

}  // namespace

ChatPlan make_plan(std::string_view message) {
  const std::vector<std::string> words = words_of(message);
  ChatPlan plan;
  plan.run_tests = asks_to_run_tests(words);
  plan.search = !plan.run_tests || asks_for_more_than_tests(words);
  return plan;
}

}  // namespace codehelper
