#include "narrowing.hpp"

#include <algorithm>
#include <utility>

#include "codehelper/base/text.hpp"
#include "codehelper/index/chunker.hpp"
#include "codehelper/index/text_analysis.hpp"
#include "words.hpp"

namespace codehelper {
namespace {

constexpr std::size_t kMostWordsAroundPhrase = 12;
constexpr std::string_view kBlank = " \t";

std::string squeeze(std::string_view text) {
  std::string squeezed;
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_blank) squeezed += c;
    if (is_blank && !squeezed.ends_with(' ')) squeezed += ' ';
  }
  return to_lower_ascii(squeezed);
}

/// What stands between quotation marks that open at the beginning of a word and close at the end of one.
std::vector<std::string> find_phrases(std::string_view text) {
  std::vector<std::string> phrases;
  for (std::size_t open = text.find('"'); open != std::string_view::npos; open = text.find('"', open + 1)) {
    if (open > 0 && kBlank.find(text[open - 1]) == std::string_view::npos) continue;
    std::size_t close = text.find('"', open + 1);
    while (close != std::string_view::npos && close + 1 < text.size() &&
           std::string_view(" \t.,;:!?)").find(text[close + 1]) == std::string_view::npos) {
      close = text.find('"', close + 1);
    }
    if (close == std::string_view::npos) break;
    std::string phrase = squeeze(text.substr(open + 1, close - open - 1));
    if (phrase.find_first_not_of(' ') != std::string::npos) phrases.push_back(std::move(phrase));
    open = close;
  }
  return phrases;
}

std::string language_named(std::string_view name) {
  std::string lower = to_lower_ascii(name);
  std::string by_extension = detect_language("x." + lower, "");
  return by_extension == "text" ? lower : by_extension;
}

bool take_filter(std::string_view word, ChunkFilter& filter) {
  constexpr std::string_view kPath = "path:";
  constexpr std::string_view kLanguage = "lang:";
  if (word.starts_with(kPath) && word.size() > kPath.size()) {
    filter.paths.emplace_back(word.substr(kPath.size()));
    return true;
  }
  if (word.starts_with(kLanguage) && word.size() > kLanguage.size()) {
    filter.languages.push_back(language_named(word.substr(kLanguage.size())));
    return true;
  }
  return false;
}

}  // namespace

bool Narrowing::allows(const Chunk& chunk) const {
  if (!passes(filter, chunk)) return false;
  if (phrases.empty()) return true;
  const std::string text = squeeze(chunk.text);
  return std::ranges::all_of(phrases,
                             [&](const std::string& phrase) { return text.find(phrase) != std::string::npos; });
}

void Narrowing::drop_phrases() {
  phrases.clear();
  filter.words.clear();
}

NarrowedQuestion read_narrowing(std::string_view question) {
  NarrowedQuestion result;
  const std::size_t end = question.find_last_not_of(" \t\r\n") + 1;
  if (question.substr(0, end).find('\n') != std::string_view::npos) {
    result.text = question;
    return result;
  }
  std::size_t words = 0;
  for (const std::string_view word : split_words(question, question.size())) {
    if (take_filter(word, result.narrowing.filter)) continue;
    ++words;
    if (!result.text.empty()) result.text += ' ';
    result.text += word;
  }
  const bool has_filter = !result.narrowing.filter.empty();
  if (!has_filter) result.text = question;
  if (words > kMostWordsAroundPhrase) return result;
  result.narrowing.phrases = find_phrases(result.text);
  for (const std::string& phrase : result.narrowing.phrases) {
    std::ranges::move(analyze_text(phrase), std::back_inserter(result.narrowing.filter.words));
  }
  return result;
}

}  // namespace codehelper
