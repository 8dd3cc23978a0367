#include "citations.hpp"

#include <boost/regex.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

struct Line {
  std::string_view text;
  std::size_t begin = 0;  // in the whole text
};

/// The marks that open a fence, or nothing.
std::string_view fence_of(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin > 3) return {};  // or there is nothing else
  const char mark = line[begin];
  if (mark != '`' && mark != '~') return {};
  const std::size_t end = std::min(line.find_first_not_of(mark, begin), line.size());
  return end - begin >= 3 ? line.substr(begin, end - begin) : std::string_view();
}

struct MarkdownParts {
  std::vector<Line> prose;
  std::vector<FencedBlock> blocks;
};

MarkdownParts split_markdown(std::string_view text) {
  MarkdownParts parts;
  std::string_view fence;
  std::size_t at = 0;
  for (const std::string_view line : split_lines(text)) {
    const std::string_view marks = fence_of(line);
    if (fence.empty() && !marks.empty()) {
      fence = marks;
      std::string_view language = line.substr(line.find(marks) + marks.size());
      language = language.substr(0, language.find_last_not_of(" \r") + 1);
      parts.blocks.push_back({std::string(language), "", at, text.size()});
    } else if (!fence.empty() && marks.starts_with(fence)) {
      fence = {};
      parts.blocks.back().end = std::min(at + line.size() + 1, text.size());
    } else if (!fence.empty()) {
      parts.blocks.back().text += std::string(line) + "\n";
    } else {
      parts.prose.push_back({line, at});
    }
    at += line.size() + 1;
  }
  return parts;
}

int to_line_number(const boost::csub_match& match) {
  int number = 0;
  const auto [end, error] = std::from_chars(match.first, match.second, number);
  return error == std::errc() && end == match.second ? number : 0;
}

bool has_letter(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
}

bool is_certainly_path(std::string_view path) {
  constexpr auto kHostEndings =
      std::to_array<std::string_view>({"com", "org", "net", "io", "dev", "local", "internal"});
  if (path.contains('/') || path.starts_with("attachment:")) return true;
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || !has_letter(path.substr(dot))) return false;
  return std::ranges::find(kHostEndings, path.substr(dot + 1)) == kHostEndings.end();
}

const boost::regex& citation_expression() {
  static const boost::regex expression(R"((attachment:[\w.@+/-]+|(?<![\w/:.])[\w.@+/~-]*[\w/])`?(?:)"
                                       R"((?::L?|#L)(\d{1,7})(?:(?:-|–|\.\.)L?(\d{1,7}))?|)"
                                       R"(,? \(?lines? (\d{1,7})(?:(?:-|–| to | and )(\d{1,7}))?\)?)(?![\w])`?)");
  return expression;
}

}  // namespace

std::vector<Citation> find_citations(std::string_view text) {
  std::vector<Citation> citations;
  for (const Line& line : split_markdown(text).prose) {
    boost::cregex_iterator match(line.text.data(), line.text.data() + line.text.size(), citation_expression());
    for (; match != boost::cregex_iterator(); ++match) {
      const auto& found = *match;
      const int group = found[2].matched ? 2 : 4;
      Citation citation;
      citation.path = found[1].str();
      citation.start_line = to_line_number(found[group]);
      citation.end_line = found[group + 1].matched ? to_line_number(found[group + 1]) : citation.start_line;
      citation.end = line.begin + static_cast<std::size_t>(found[0].second - line.text.data());
      citation.is_certain = is_certainly_path(citation.path);
      const bool may_be_path = has_letter(citation.path) && !citation.path.contains("//");
      if (may_be_path) citations.push_back(std::move(citation));
    }
  }
  return citations;
}

std::vector<std::size_t> find_pass_claims(std::string_view text) {
  static const boost::regex claim(
      R"(\b(?:tests?|test suite|suite|specs?)\b[^.!?;\n]{0,40}?\b(?:pass|passes|passed|passing|succeed|succeeds|succeeded|green)\b)"
      R"(|\b(?:passed|passes|passing)\b[^.!?;\n]{0,20}\btests?\b)",
      boost::regex::icase);
  static const boost::regex doubt(
      R"(\b(?:should|would|could|might|may|must|will|ought|if|when|once|whether|until|unless|ensure|ensures|verify|check|confirm|)"
      R"(make sure|so that|to see|can't|cannot|not|n't|no|never|don't|didn't|fail|failed|failing|expect|expects|assert|asserts|)"
      R"(were run|run them|unknown|before|after|that pass|which pass|passing in|pass in|passed to|passed as|pass a|pass the|passes a|passes the)\b|\?)",
      boost::regex::icase);
  std::vector<std::size_t> places;
  for (const Line& line : split_markdown(text).prose) {
    std::size_t begin = 0;
    while (begin < line.text.size()) {
      // A full stop in "3.5" or "a.py" ends no sentence.
      std::size_t end = line.text.find_first_of(".!?;", begin);
      while (end != std::string_view::npos && end + 1 < line.text.size() && line.text[end + 1] != ' ') {
        end = line.text.find_first_of(".!?;", end + 1);
      }
      end = end == std::string_view::npos ? line.text.size() : end + 1;
      const std::string_view sentence = line.text.substr(begin, end - begin);
      const bool is_claim = boost::regex_search(sentence.begin(), sentence.end(), claim) &&
                            !boost::regex_search(sentence.begin(), sentence.end(), doubt);
      if (is_claim) places.push_back(line.begin + end);
      begin = end;
    }
  }
  return places;
}

std::string insert_marks(std::string_view text, const std::vector<std::pair<std::size_t, std::string>>& marks) {
  std::string marked;
  std::size_t from = 0;
  for (const auto& [place, mark] : marks) {
    marked += text.substr(from, place - from);
    marked += mark;
    from = place;
  }
  marked += text.substr(from);
  return marked;
}

std::vector<FencedBlock> find_fenced_blocks(std::string_view text) {
  return split_markdown(text).blocks;
}

}  // namespace codehelper
