#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "codehelper/base/text.hpp"
#include "codehelper/index/path_mentions.hpp"
#include "codehelper/index/text_analysis.hpp"
#include "identifier.hpp"
#include "query_words.hpp"

namespace codehelper {
namespace {

// Weights of a question's words, from the ablations in shared/retrieval.md sections 2 and 7.
constexpr double kWordWeight = 1.0;
constexpr double kGenericWeight = 0.4;
constexpr double kIdentifierWeight = 1.0;       // a compound identifier as a whole
constexpr double kPairWeight = 0.3;             // adjacent parts of an identifier
constexpr double kJoinWeight = 0.2;             // adjacent words that may be one identifier: "write batch"
constexpr double kDefinitionWeight = 0.5;       // the declaration of what looks like code
constexpr double kFileNameWeight = 1.0;         // "x.py"
constexpr double kTitleCount = 2.0;             // words of the first sentence count twice
constexpr std::size_t kShortQuestionWords = 2;  // so few words are names
constexpr std::size_t kMaxTerms = 256;          // each is looked up in the index; a pasted log has thousands
constexpr std::size_t kMaxTermBytes = 256;      // no longer name is indexed

/// The same length, with HTML comments and addresses of pages blanked: they are about the tool that holds the issue.
std::string blank_noise(std::string_view question) {
  std::string text(question);
  const auto blank = [&](std::size_t begin, std::size_t end) {
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
  };
  for (std::size_t begin = 0; (begin = text.find("<!--", begin)) != std::string::npos;) {
    const std::size_t end = text.find("-->", begin);
    blank(begin, end == std::string::npos ? text.size() : end + 3);
  }
  for (std::size_t at = 0; (at = text.find("://", at)) != std::string::npos; ++at) {
    std::size_t begin = at;
    while (begin > 0 && std::isalpha(static_cast<unsigned char>(text[begin - 1])) != 0) --begin;
    blank(begin, std::min(text.size(), text.find_first_of(" \t\r\n)>]\"'", at)));
  }
  return text;
}

/// Where the first sentence ends.
std::size_t title_length(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && i > 0) return i;
    if (text[i] == '.' && i + 1 < text.size() && (text[i + 1] == ' ' || text[i + 1] == '\n')) return i;
  }
  return text.size();
}

/// Whether an identifier at `begin` is written as code: mixed case, underscores, called, qualified or in backticks.
bool looks_like_code(std::string_view text, std::size_t begin, std::string_view identifier) {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (identifier.find('_') != std::string_view::npos) return true;
  for (std::size_t i = 1; i < identifier.size(); ++i) {
    if (is_lower(identifier[i - 1]) && is_upper(identifier[i])) return true;
  }
  const std::size_t end = begin + identifier.size();
  const char after = end < text.size() ? text[end] : ' ';
  const char before = begin > 0 ? text[begin - 1] : ' ';
  return after == '(' || after == '`' || before == '`' || before == '.' || before == ':' || text.substr(end, 2) == "::";
}

class TermCollector {
 public:
  void add(const std::string& term, double weight, double count) {
    if (term.size() > kMaxTermBytes) return;
    Entry& entry = entries_[term];
    entry.weight = std::max(entry.weight, weight);
    entry.count += count;
  }

  std::vector<QueryTerm> take() const {
    std::vector<QueryTerm> terms;
    terms.reserve(entries_.size());
    for (const auto& [term, entry] : entries_) terms.push_back({term, entry.weight * (1 + std::log(entry.count))});
    if (terms.size() <= kMaxTerms) return terms;
    const auto middle = terms.begin() + static_cast<std::ptrdiff_t>(kMaxTerms);
    std::ranges::nth_element(terms, middle, [](const QueryTerm& left, const QueryTerm& right) {
      return left.weight != right.weight ? left.weight > right.weight : left.text < right.text;
    });
    terms.erase(middle, terms.end());
    std::ranges::sort(terms, {}, &QueryTerm::text);
    return terms;
  }

 private:
  struct Entry {
    double weight = 0;
    double count = 0;
  };
  std::map<std::string, Entry> entries_;  // ordered, so that sums over the terms are the same everywhere
};

class QuestionReader {
 public:
  explicit QuestionReader(std::string_view question) : text_(blank_noise(question)), title_(title_length(text_)) {}

  std::vector<QueryTerm> read() {
    read_words(StopWords::drop);
    if (words_ == 0) read_words(StopWords::keep);
    read_file_names();
    return terms_.take();
  }

 private:
  enum class StopWords { drop, keep };

  void read_words(StopWords stop_words) {
    const bool is_short = count_words() <= kShortQuestionWords;
    std::string before;  // the word directly before, stemmed
    std::size_t before_end = 0;
    IdentifierScanner scanner(text_);
    while (const auto identifier = scanner.next()) {
      const auto begin = static_cast<std::size_t>(identifier->data() - text_.data());
      split_identifier(*identifier, parts_);
      const bool is_letter =
          parts_.size() == 1 && parts_[0].size() == 1 && std::isalpha(static_cast<unsigned char>(parts_[0][0])) != 0;
      if (parts_.empty() || is_letter || is_data(*identifier, parts_) ||
          (stop_words == StopWords::drop && parts_.size() == 1 && is_stop_word(parts_[0]))) {
        before.clear();
        continue;
      }
      ++words_;
      const double count = begin < title_ ? kTitleCount : 1.0;
      if (is_short || looks_like_code(text_, begin, *identifier)) {
        terms_.add(definition_term(*identifier), kDefinitionWeight, count);
      }
      std::string last = parts_.size() == 1 ? add_word(count) : add_identifier(count);
      if (!before.empty() && begin == before_end + 1) terms_.add(before + last, kJoinWeight, count);
      before = std::move(last);
      before_end = begin + identifier->size();
    }
  }

  std::size_t count_words() const {
    std::size_t count = 0;
    IdentifierScanner scanner(text_);
    while (scanner.next()) ++count;
    return count;
  }

  /// Both return the last word added, stemmed.
  std::string add_word(double count) {
    const double weight = is_generic_word(parts_[0]) ? kGenericWeight : kWordWeight;
    stem_part(parts_[0]);
    terms_.add(parts_[0], weight, count);
    return parts_[0];
  }

  std::string add_identifier(double count) {
    std::string whole;
    for (const std::string& part : parts_) whole += part;
    terms_.add(whole, kIdentifierWeight, count);
    for (std::string& part : parts_) {
      const bool is_weak = is_generic_word(part) || is_stop_word(part);
      stem_part(part);
      terms_.add(part, is_weak ? kGenericWeight : kWordWeight, count);
    }
    for (std::size_t i = 1; i < parts_.size(); ++i) terms_.add(parts_[i - 1] + parts_[i], kPairWeight, count);
    return parts_.back();
  }

  void read_file_names() {
    for (const PathMention& mention : find_path_mentions(text_)) {
      terms_.add(file_name_term(std::string_view(mention.path).substr(mention.path.rfind('/') + 1)), kFileNameWeight,
                 1);
    }
  }

  std::string text_;
  std::size_t title_;
  std::size_t words_ = 0;
  std::vector<std::string> parts_;
  TermCollector terms_;
};

}  // namespace

std::vector<QueryTerm> make_query_terms(std::string_view question) {
  return QuestionReader(question).read();
}

}  // namespace codehelper
