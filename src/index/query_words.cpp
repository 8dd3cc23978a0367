#include "query_words.hpp"

#include <algorithm>
#include <array>

namespace codehelper {
namespace {

// Both ascending, for binary search.
constexpr std::array kStopWords = std::to_array<std::string_view>(
    {"a",       "about", "above",     "after",   "again",   "all",     "also",    "am",     "an",      "and",
     "any",     "are",   "aren",      "as",      "at",      "be",      "because", "been",   "before",  "being",
     "but",     "by",    "can",       "cannot",  "could",   "couldn",  "did",     "didn",   "do",      "does",
     "doesn",   "doing", "don",       "done",    "dont",    "down",    "each",    "else",   "etc",     "even",
     "for",     "from",  "get",       "gets",    "getting", "give",    "gives",   "go",     "got",     "had",
     "has",     "hasn",  "have",      "haven",   "having",  "he",      "hello",   "her",    "here",    "hers",
     "hey",     "hi",    "him",       "his",     "how",     "however", "i",       "if",     "in",      "instead",
     "into",    "is",    "isn",       "it",      "its",     "just",    "know",    "let",    "like",    "ll",
     "look",    "may",   "me",        "might",   "more",    "most",    "much",    "must",   "my",      "need",
     "needs",   "no",    "nor",       "not",     "now",     "of",      "off",     "on",     "once",    "one",
     "only",    "or",    "other",     "our",     "out",     "over",    "own",     "please", "rather",  "re",
     "really",  "same",  "see",       "seem",    "seems",   "shall",   "she",     "should", "shouldn", "since",
     "so",      "some",  "something", "still",   "such",    "sure",    "tell",    "than",   "thank",   "thanks",
     "that",    "the",   "their",     "them",    "then",    "there",   "these",   "they",   "thing",   "things",
     "this",    "those", "though",    "through", "thus",    "to",      "too",     "try",    "under",   "until",
     "up",      "us",    "use",       "used",    "uses",    "using",   "ve",      "very",   "via",     "want",
     "wants",   "was",   "wasn",      "way",     "we",      "well",    "were",    "what",   "when",    "where",
     "whether", "which", "while",     "who",     "whom",    "whose",   "why",     "will",   "with",    "within",
     "without", "won",   "would",     "wouldn",  "yet",     "you",     "your"});

constexpr std::array kGenericWords = std::to_array<std::string_view>(
    {"add",       "added",          "adding",      "adds",       "allow",   "allowed",   "allowing",
     "allows",    "avoid",          "avoids",      "better",     "bug",     "bugs",      "change",
     "changed",   "changes",        "changing",    "class",      "cleanup", "code",      "codebase",
     "correct",   "correctly",      "defined",     "enable",     "ensure",  "error",     "example",
     "explain",   "file",           "files",       "find",       "fix",     "fixed",     "fixes",
     "fixing",    "function",       "functions",   "handle",     "handled", "handles",   "handling",
     "implement", "implementation", "implemented", "implements", "improve", "improved",  "improves",
     "issue",     "issues",         "library",     "make",       "makes",   "making",    "method",
     "methods",   "minor",          "module",      "move",       "moved",   "moving",    "new",
     "old",       "problem",        "program",     "project",    "python",  "refactor",  "refactored",
     "remove",    "removed",        "removes",     "removing",   "rename",  "renamed",   "replace",
     "replaced",  "repo",           "repository",  "return",     "returns", "set",       "show",
     "shows",     "simplify",       "small",       "source",     "support", "supported", "supports",
     "update",    "updated",        "updates",     "work",       "works",   "wrong"});

static_assert(std::ranges::is_sorted(kStopWords) && std::ranges::is_sorted(kGenericWords));

}  // namespace

bool is_stop_word(std::string_view word) {
  return std::ranges::binary_search(kStopWords, word);
}

bool is_generic_word(std::string_view word) {
  return std::ranges::binary_search(kGenericWords, word);
}

}  // namespace codehelper
