#include "porter_stemmer.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace codehelper {
namespace {

struct Rule {
  std::string_view suffix;
  std::string_view replacement;
};

constexpr std::array kStep2 =
    std::to_array<Rule>({{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
                         {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
                         {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
                         {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
                         {"logi", "log"}});
constexpr std::array kStep3 = std::to_array<Rule>(
    {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""}});
constexpr std::array kStep4 =
    std::to_array<std::string_view>({"al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent",
                                     "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"});

bool is_consonant(std::string_view word, std::size_t i) {
  switch (word[i]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
      return false;
    case 'y':
      return i == 0 || !is_consonant(word, i - 1);
    default:
      return true;
  }
}

/// The paper's m: how many times a vowel is followed by a consonant.
int measure(std::string_view stem) {
  int count = 0;
  bool after_vowel = false;
  for (std::size_t i = 0; i < stem.size(); ++i) {
    const bool consonant = is_consonant(stem, i);
    if (consonant && after_vowel) ++count;
    after_vowel = !consonant;
  }
  return count;
}

bool has_vowel(std::string_view stem) {
  for (std::size_t i = 0; i < stem.size(); ++i) {
    if (!is_consonant(stem, i)) return true;
  }
  return false;
}

bool ends_in_double_consonant(std::string_view word) {
  return word.size() >= 2 && word.back() == word[word.size() - 2] && is_consonant(word, word.size() - 1);
}

/// The paper's *o: consonant, vowel, consonant other than w, x, y.
bool ends_short(std::string_view word) {
  const std::size_t n = word.size();
  if (n < 3 || !is_consonant(word, n - 3) || is_consonant(word, n - 2) || !is_consonant(word, n - 1)) return false;
  return word.back() != 'w' && word.back() != 'x' && word.back() != 'y';
}

/// As ends_with(), without a call for most of a table's suffixes.
bool ends_in(std::string_view word, std::string_view suffix) {
  return word.back() == suffix.back() && word.ends_with(suffix);
}

std::string_view without(std::string_view word, std::string_view suffix) {
  return word.substr(0, word.size() - suffix.size());
}

void strip_plural(std::string& word) {
  if (word.ends_with("sses") || word.ends_with("ies")) {
    word.resize(word.size() - 2);
  } else if (word.ends_with('s') && !word.ends_with("ss")) {
    word.pop_back();
  }
}

void restore_after_participle(std::string& word) {
  const bool has_lost_e = word.ends_with("at") || word.ends_with("bl") || word.ends_with("iz");
  if (!has_lost_e && ends_in_double_consonant(word)) {
    if (word.back() != 'l' && word.back() != 's' && word.back() != 'z') word.pop_back();
  } else if (has_lost_e || (measure(word) == 1 && ends_short(word))) {
    word += 'e';
  }
}

void strip_participle(std::string& word) {
  if (word.ends_with("eed")) {
    if (measure(without(word, "eed")) > 0) word.pop_back();
    return;
  }
  for (const std::string_view suffix : {std::string_view("ed"), std::string_view("ing")}) {
    if (!word.ends_with(suffix)) continue;
    if (has_vowel(without(word, suffix))) {
      word.resize(word.size() - suffix.size());
      restore_after_participle(word);
    }
    return;
  }
}

void replace_suffix(std::string& word, std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    if (!ends_in(word, rule.suffix)) continue;
    if (measure(without(word, rule.suffix)) > 0) {
      word.resize(word.size() - rule.suffix.size());
      word += rule.replacement;
    }
    return;
  }
}

void strip_suffix(std::string& word) {
  std::string_view longest;
  for (const std::string_view suffix : kStep4) {
    if (suffix.size() > longest.size() && ends_in(word, suffix)) longest = suffix;
  }
  if (longest.empty()) return;
  const std::string_view stem = without(word, longest);
  if (measure(stem) <= 1) return;
  if (longest == "ion" && !stem.ends_with('s') && !stem.ends_with('t')) return;
  word.resize(stem.size());
}

void tidy_end(std::string& word) {
  if (word.ends_with('e')) {
    const std::string_view stem = without(word, "e");
    const int m = measure(stem);
    if (m > 1 || (m == 1 && !ends_short(stem))) word.pop_back();
  }
  if (word.ends_with("ll") && measure(word) > 1) word.pop_back();
}

}  // namespace

void stem_word(std::string& word) {
  if (word.size() <= 2) return;
  strip_plural(word);
  strip_participle(word);
  if (word.ends_with('y') && has_vowel(without(word, "y"))) word.back() = 'i';
  replace_suffix(word, kStep2);
  replace_suffix(word, kStep3);
  strip_suffix(word);
  tidy_end(word);
}

}  // namespace codehelper
