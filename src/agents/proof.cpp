#include "proof.hpp"

#include <algorithm>
#include <optional>

#include "citations.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kMaxCitations = 100;  // that are checked; more are no answer for people
constexpr std::string_view kUnverified = " [unverified]";
constexpr std::string_view kNoReceipt = " [unverified: no test run in this chat passed]";

bool is_identifier(std::string_view text) {
  const auto is_part = [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
  };
  return text.size() >= 3 && std::ranges::all_of(text, is_part);
}

/// The last part of a name that stands in backticks: "run" of `Widget::run()`.
std::string_view last_name(std::string_view code) {
  if (code.ends_with("()")) code.remove_suffix(2);
  const std::size_t border = code.find_last_of(":.>#/");
  return border == std::string_view::npos ? code : code.substr(border + 1);
}

/// Names in backticks on the same line, before `end`.
std::vector<std::string_view> names_before(std::string_view text, std::size_t end) {
  const std::size_t before = text.rfind('\n', end == 0 ? 0 : end - 1);
  std::string_view line = text.substr(before == std::string_view::npos ? 0 : before + 1);
  line = line.substr(0, end - static_cast<std::size_t>(line.data() - text.data()));
  std::vector<std::string_view> names;
  while (true) {
    const std::size_t open = line.find('`');
    if (open == std::string_view::npos) return names;
    const std::size_t close = line.find('`', open + 1);
    if (close == std::string_view::npos) return names;
    const std::string_view name = last_name(line.substr(open + 1, close - open - 1));
    if (is_identifier(name)) names.push_back(name);
    line.remove_prefix(close + 1);
  }
}

bool supports(const ToolBox::CheckedPlace& place, std::string_view text, const Citation& citation) {
  if (!place.exists) return false;
  if (place.was_read) return true;
  const auto stands_there = [&](std::string_view name) { return place.text.contains(name); };
  return std::ranges::any_of(names_before(text, citation.end), stands_there);
}

bool is_same_place(const ChatSource& source, const Citation& citation) {
  return source.path == citation.path && source.start_line == citation.start_line &&
         source.end_line == citation.end_line;
}

/// Of the search that found the place or a part of it.
double find_score(const std::vector<ChatSource>& found, const Citation& citation) {
  double score = 0;
  for (const ChatSource& source : found) {
    const bool meets = source.path == citation.path && source.start_line <= citation.end_line &&
                       citation.start_line <= source.end_line;
    if (meets) score = std::max(score, source.score);
  }
  return score;
}

}  // namespace

Task<Result<void>> check_claims(RequestContext context, ToolBox& tools, ChatAnswer& answer, const CrewSink& on_event) {
  const std::vector<ChatSource> found = std::move(answer.sources);
  answer.sources.clear();
  std::vector<std::pair<std::size_t, std::string>> marks;
  std::vector<Citation> citations = find_citations(answer.response);
  if (citations.size() > kMaxCitations) citations.resize(kMaxCitations);
  for (const Citation& citation : citations) {
    const auto known =
        std::ranges::find_if(answer.sources, [&](const auto& source) { return is_same_place(source, citation); });
    if (known != answer.sources.end()) {
      if (!known->verified) marks.emplace_back(citation.end, kUnverified);
      continue;
    }
    auto place = co_await tools.check_place(context, citation.path, citation.start_line, citation.end_line);
    if (!place) co_return std::unexpected(place.error());
    if (!citation.is_certain && !place->exists) continue;
    ChatSource source;
    source.path = citation.path;
    source.start_line = citation.start_line;
    source.end_line = citation.end_line;
    source.score = find_score(found, citation);
    source.verified = supports(*place, answer.response, citation);
    source.text = std::move(place->text);
    source.language = std::move(place->language);
    if (!source.verified) marks.emplace_back(citation.end, kUnverified);
    if (on_event) on_event(source);
    answer.sources.push_back(std::move(source));
  }
  const bool has_passed =
      std::ranges::any_of(answer.receipts, [](const Receipt& receipt) { return receipt.outcome == "passed"; });
  if (!has_passed) {
    for (const std::size_t place : find_pass_claims(answer.response)) marks.emplace_back(place, kNoReceipt);
  }
  std::ranges::sort(marks);
  answer.response = insert_marks(answer.response, marks);
  if (answer.sources.empty()) answer.sources = found;
  co_return Result<void>{};
}

}  // namespace codehelper
