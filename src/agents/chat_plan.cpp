// Rules in place of a model: which messages ask to have the tests run. A wrong "no" costs a search, a wrong "yes" runs
// a command nobody wanted, so what is not clearly a request is none.
#include <algorithm>
#include <array>
#include <span>
#include <sstream>

#include "codehelper/agents/crew.hpp"
#include "codehelper/base/text.hpp"
#include "excerpt.hpp"

namespace codehelper {

namespace {

using Words = std::vector<std::string>;
using WordsView = std::span<const std::string>;

// Parts that begin anew: "Before you merge, please run the tests and tell me" has three.
struct Sentence {
  std::vector<Words> clauses{1};
};

template <std::size_t size>
bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
  return std::ranges::find(words, word) != words.end();
}

constexpr auto kRunVerbs = std::to_array<std::string_view>({"run", "rerun", "re-run", "execute", "start", "launch"});
constexpr auto kTestNouns =
    std::to_array<std::string_view>({"tests", "testsuite", "testsuites", "pytest", "ctest", "unittest", "jest",
                                     "vitest", "mocha", "tox", "nox", "rspec", "phpunit"});
// Programs that run tests when the word "test" follows.
constexpr auto kTools =
    std::to_array<std::string_view>({"cargo", "go", "npm", "pnpm", "yarn", "npx", "mvn", "gradle", "make", "dotnet",
                                     "bazel", "sbt", "mix", "swift", "deno", "bun"});
constexpr auto kVerdicts =
    std::to_array<std::string_view>({"pass", "passing", "passed", "succeed", "succeeding", "green", "ok", "okay",
                                     "fail", "failing", "failed", "red", "broken"});
constexpr auto kQuestionWords = std::to_array<std::string_view>(
    {"how", "what", "whats", "where", "wheres", "why", "who",   "whose", "when", "which", "do",   "does", "did",
     "is",  "are",  "was",   "were",  "should", "can", "could", "would", "will", "has",   "have", "if"});
// After one of these a noun belongs to something else than the verb before.
constexpr auto kPhraseEnds =
    std::to_array<std::string_view>({"that", "which", "who",     "in",    "for",  "from",   "with",  "without", "to",
                                     "on",   "if",    "when",    "where", "how",  "before", "after", "except",  "not",
                                     "into", "about", "against", "by",    "than", "is",     "are",   "like",    "as"});
// What may follow a whole request or verdict; another noun makes it something else: "the test server", "pass a token".
constexpr auto kFollowers = std::to_array<std::string_view>(
    {"suite",   "suites",  "case",  "cases",   "again", "now",       "please", "first", "once",    "twice",
     "too",     "here",    "there", "locally", "today", "currently", "still",  "yet",   "already", "in",
     "for",     "on",      "of",    "at",      "with",  "without",   "from",   "after", "before",  "since",
     "because", "against", "when",  "if",      "that",  "to",        "or",     "so",    "as",      "until"});
// A request without anything but these leaves nothing to search for.
constexpr auto kRequestWords = std::to_array<std::string_view>(
    {"please",  "kindly",    "just",  "now",        "again",    "once",    "more",     "first",    "then",  "also",
     "still",   "currently", "all",   "the",        "a",        "my",      "our",      "your",     "this",  "these",
     "that",    "its",       "of",    "in",         "with",     "for",     "and",      "unit",     "test",  "suite",
     "suites",  "case",      "cases", "whole",      "full",     "entire",  "complete", "existing", "every", "each",
     "project", "projects",  "repo",  "repository", "codebase", "me",      "us",       "i",        "we",    "you",
     "want",    "need",      "like",  "id",         "to",       "lets",    "let",      "ahead",    "it",    "they",
     "them",    "tell",      "show",  "see",        "check",    "verify",  "confirm",  "ensure",   "make",  "sure",
     "know",    "find",      "out",   "report",     "result",   "results", "if",       "whether",  "do",    "does",
     "did",     "is",        "are",   "has",        "have",     "can",     "could",    "would",    "will",  "how",
     "many",    "which",     "hi",    "hey",        "hello",    "ok",      "okay",     "thanks"});
constexpr auto kPolite = std::to_array<std::string_view>({"please",
                                                          "kindly",
                                                          "just",
                                                          "now",
                                                          "then",
                                                          "also",
                                                          "first",
                                                          "next",
                                                          "finally",
                                                          "so",
                                                          "ok",
                                                          "okay",
                                                          "yes",
                                                          "hi",
                                                          "hey",
                                                          "hello",
                                                          "thanks",
                                                          "can you",
                                                          "could you",
                                                          "would you",
                                                          "will you",
                                                          "would you mind",
                                                          "i want you to",
                                                          "i need you to",
                                                          "i would like you to",
                                                          "id like you to",
                                                          "you should",
                                                          "lets",
                                                          "let us",
                                                          "go ahead"});
constexpr auto kCheckBeginnings = std::to_array<std::string_view>(
    {"check", "verify", "confirm", "ensure", "see", "tell me", "let me know", "find out", "make sure", "do", "does",
     "did", "is", "are", "have", "has", "which", "what", "how many"});
constexpr auto kJoiningWords = std::to_array<std::string_view>({"if", "whether", "that", "which", "what", "how many"});

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// "Don't" becomes "dont", "`pytest`," becomes "pytest", "test_api.py" and "--release" stay.
std::string bare_word(std::string_view token) {
  std::string word;
  for (const char c : token) {
    if (c != '\'') word += c;
  }
  for (std::size_t at = 0; (at = word.find("\xE2\x80\x99", at)) != std::string::npos;) word.erase(at, 3);  // ’
  while (!word.empty() && !is_word_character(word.back())) word.pop_back();
  while (!word.empty() && !is_word_character(word.front()) && word.front() != '-') word.erase(0, 1);
  return word;
}

std::vector<Sentence> parse_sentences(std::string_view message) {
  std::vector<Sentence> sentences(1);
  std::istringstream lines(to_lower_ascii(message));
  for (std::string line; std::getline(lines, line); sentences.emplace_back()) {
    std::istringstream tokens(line);
    for (std::string token; tokens >> token;) {
      std::string word = bare_word(token);
      const bool joins = word == "and" || word == "then" || word == "but";
      if (joins) sentences.back().clauses.emplace_back();
      if (!joins && !word.empty()) sentences.back().clauses.back().push_back(std::move(word));
      const char last = token.back();
      if (last == ',') sentences.back().clauses.emplace_back();
      if (last == '.' || last == '?' || last == '!' || last == ';') sentences.emplace_back();
    }
  }
  return sentences;
}

// How many words the phrase has when `words` begins with it, else 0.
std::size_t begins_with(WordsView words, std::string_view phrase) {
  std::size_t count = 0;
  while (!phrase.empty()) {
    const std::size_t end = std::min(phrase.find(' '), phrase.size());
    if (count == words.size() || words[count] != phrase.substr(0, end)) return 0;
    phrase.remove_prefix(std::min(end + 1, phrase.size()));
    ++count;
  }
  return count;
}

template <std::size_t size>
WordsView without_beginnings(WordsView words, const std::array<std::string_view, size>& phrases) {
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view phrase : phrases) {
      const std::size_t count = begins_with(words, phrase);
      words = words.subspan(count);
      found = found || count > 0;
    }
  }
  return words;
}

bool ends_or_follows(WordsView rest) {
  return rest.empty() || rest.front().starts_with('-') || is_one_of(rest.front(), kFollowers);
}

// How many words a noun phrase about all the tests has, from `words` on: "all of our unit tests", "cargo test"; else 0.
std::size_t test_phrase(WordsView words) {
  constexpr std::size_t kReach = 5;
  for (std::size_t i = 0; i < std::min(words.size(), kReach); ++i) {
    if (is_one_of(words[i], kTestNouns)) return i + 1;
    const bool is_make_check = words[i] == "check" && i > 0 && words[i - 1] == "make";
    if ((words[i] == "test" || is_make_check) && ends_or_follows(words.subspan(i + 1))) {
      const bool goes_on =
          i + 1 < words.size() && (words[i + 1].starts_with("suite") || words[i + 1].starts_with("case"));
      return goes_on ? i + 2 : i + 1;
    }
    if (is_one_of(words[i], kPhraseEnds)) return 0;
  }
  return 0;
}

bool is_request_to_run(WordsView clause) {
  clause = without_beginnings(clause, kPolite);
  return !clause.empty() && is_one_of(clause.front(), kRunVerbs) && test_phrase(clause.subspan(1)) > 0;
}

// "do the tests pass", "check whether our test suite is green", "which tests are failing".
bool asks_for_verdict(WordsView clause) {
  clause = without_beginnings(clause, kPolite);
  const WordsView asked = without_beginnings(clause, kCheckBeginnings);
  if (asked.size() == clause.size()) return false;
  const WordsView subject = without_beginnings(asked, kJoiningWords);
  const std::size_t phrase = test_phrase(subject);
  if (phrase == 0) return false;
  constexpr auto kBetween = std::to_array<std::string_view>(
      {"all", "still", "currently", "now", "really", "actually", "already", "even", "is", "are", "do", "does"});
  WordsView rest = without_beginnings(subject.subspan(phrase), kBetween);
  return !rest.empty() && is_one_of(rest.front(), kVerdicts) && ends_or_follows(rest.subspan(1));
}

// The message is a command line and nothing else: "pytest -q", "cargo test".
bool is_bare_command(WordsView clause) {
  clause = without_beginnings(clause, kPolite);
  if (clause.empty()) return false;
  if (is_one_of(clause.front(), kTestNouns) && clause.front() != "tests") return ends_or_follows(clause.subspan(1));
  if (!is_one_of(clause.front(), kTools)) return false;
  const std::size_t test = clause.size() > 1 && clause[1] == "run" ? 2 : 1;
  return test_phrase(clause) == test + 1;
}

// "don't run the tests", "without running them", "there is no need to execute anything".
bool forbids_to_run(WordsView clause) {
  constexpr auto kNegations = std::to_array<std::string_view>(
      {"dont", "not", "never", "without", "no", "cannot", "cant", "shouldnt", "mustnt", "neednt", "avoid", "stop"});
  constexpr auto kActions =
      std::to_array<std::string_view>({"run", "running", "rerun", "rerunning", "execute", "executing", "start"});
  constexpr std::size_t kReach = 4;
  for (std::size_t i = 0; i < clause.size(); ++i) {
    if (!is_one_of(clause[i], kNegations)) continue;
    const WordsView next = clause.subspan(i + 1, std::min(kReach, clause.size() - i - 1));
    if (std::ranges::any_of(next, [&](const std::string& word) { return is_one_of(word, kActions); })) return true;
  }
  return false;
}

// "How do I build it and run the tests": a question to its end. "Can you …" is none.
bool is_question(const Sentence& sentence) {
  const auto first = std::ranges::find_if(sentence.clauses, [](const Words& clause) { return !clause.empty(); });
  if (first == sentence.clauses.end()) return false;
  const WordsView opening = without_beginnings(WordsView(*first), kPolite);
  if (!opening.empty() && is_one_of(opening.front(), kQuestionWords)) return true;
  return std::ranges::find(*first, "how") != first->end();
}

bool asks_to_run_tests(const std::vector<Sentence>& sentences) {
  bool asks = false;
  for (const Sentence& sentence : sentences) {
    const bool is_asked = is_question(sentence);
    for (const Words& clause : sentence.clauses) {
      if (forbids_to_run(clause)) return false;
      asks = asks || asks_for_verdict(clause) || (!is_asked && is_request_to_run(clause));
    }
  }
  return asks;
}

// "Please rename Widget to Gadget", "can you fix the parser"; not "how do I add …".
bool asks_for_change(const std::vector<Sentence>& sentences) {
  constexpr auto kChangeVerbs =
      std::to_array<std::string_view>({"fix", "add", "change", "implement", "rename", "refactor", "remove", "delete",
                                       "replace", "rewrite", "patch", "correct", "extend", "simplify", "modify"});
  return std::ranges::any_of(sentences, [&](const Sentence& sentence) {
    return !is_question(sentence) && std::ranges::any_of(sentence.clauses, [&](const Words& clause) {
      const WordsView rest = without_beginnings(clause, kPolite);
      return !rest.empty() && is_one_of(rest.front(), kChangeVerbs);
    });
  });
}

bool asks_for_more(const std::vector<Sentence>& sentences) {
  const auto is_more = [](const std::string& word) {
    return !word.starts_with('-') && !is_one_of(word, kRequestWords) && !is_one_of(word, kRunVerbs) &&
           !is_one_of(word, kTestNouns) && !is_one_of(word, kTools) && !is_one_of(word, kVerdicts);
  };
  return std::ranges::any_of(sentences, [&](const Sentence& sentence) {
    return std::ranges::any_of(sentence.clauses,
                               [&](const Words& clause) { return std::ranges::any_of(clause, is_more); });
  });
}

}  // namespace

ChatPlan make_plan(std::string_view message) {
  constexpr std::size_t kReadBytes = 4 * 1024;  // a request stands near the beginning; the rest is pasted text
  const std::string_view read = first_part(message, kReadBytes);
  std::vector<Sentence> sentences = parse_sentences(read);
  std::erase_if(sentences, [](const Sentence& sentence) {
    return std::ranges::all_of(sentence.clauses, [](const Words& clause) { return clause.empty(); });
  });
  const bool is_command =
      sentences.size() == 1 && sentences.front().clauses.size() == 1 && is_bare_command(sentences.front().clauses[0]);
  ChatPlan plan;
  plan.run_tests = is_command || asks_to_run_tests(sentences);
  plan.edit = asks_for_change(sentences);
  plan.search = !plan.run_tests || read.size() < message.size() || asks_for_more(sentences);
  return plan;
}

}  // namespace codehelper
