#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "answer_draft.hpp"
#include "codehelper/base/elapsed.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/retrieve/citation_check.hpp"
#include "excerpt.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kPlaces = 5;  // quoted
constexpr int kQuotedLines = 30;    // of one place
constexpr std::size_t kQuotedBytes = 4 * 1024;
constexpr std::size_t kSourceBytes = 8 * 1024;
constexpr std::size_t kAnswerBytes = 16 * 1024;  // after which places are named without their text
constexpr std::size_t kMessageBytes = 500;       // of an error of another part
constexpr std::size_t kSymbols = 20;
constexpr std::size_t kSymbolBytes = 120;

std::string describe_place(const SearchHit& hit, bool is_verified) {
  std::string text = fmt::format("**{}:{}-{}**", hit.path, hit.start_line, hit.end_line);
  if (!hit.symbol.empty()) text += fmt::format(" — `{}`", shorten(hit.symbol, kSymbolBytes));
  if (!is_verified) text += " — *changed since it was indexed; these lines are the indexed ones*";
  return text + "\n";
}

std::string quote(std::string_view language, std::string_view lines, std::size_t limit_bytes) {
  const std::string_view shown = first_part(select_lines(lines, 1, kQuotedLines), limit_bytes);
  std::string text = shown.empty() ? std::string() : make_code_block(language, shown);
  if (shown.size() < lines.size()) {
    text += fmt::format("({} of its {} bytes are left out)\n", lines.size() - shown.size(), lines.size());
  }
  return text;
}

std::string list_symbols(const std::vector<SearchHit>& hits) {
  std::vector<std::string> symbols;
  for (const SearchHit& hit : hits) {
    for (const std::string& name : hit.definitions) {
      std::string quoted = fmt::format("`{}`", shorten(name, kSymbolBytes));
      if (std::ranges::find(symbols, quoted) == symbols.end()) symbols.push_back(std::move(quoted));
    }
  }
  if (symbols.empty()) return {};
  const std::size_t more = symbols.size() - std::min(symbols.size(), kSymbols);
  symbols.resize(symbols.size() - more);
  return fmt::format("They define: {}{}.\n", fmt::join(symbols, ", "),
                     more == 0 ? "" : fmt::format(", and {} more", more));
}

void describe_places(ChatAnswer& answer, const std::vector<SearchHit>& hits, const std::vector<bool>& verified) {
  if (hits.empty()) {
    answer.outcome = "nothing_found";
    answer.response += "Nothing in the index matches the question.\n";
    return;
  }
  answer.response += "The best-matching places:\n\n";
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const SearchHit& hit = hits[i];
    const std::string lines = mask_secrets(hit.text).text;
    answer.response += fmt::format("{}. {}", i + 1, describe_place(hit, verified[i]));
    const std::size_t left = kAnswerBytes - std::min(answer.response.size(), kAnswerBytes);
    answer.response += quote(hit.language, lines, std::min(kQuotedBytes, left)) + "\n";
    answer.sources.push_back({hit.path, hit.start_line, hit.end_line, hit.score, verified[i],
                              std::string(first_part(lines, kSourceBytes)), hit.language});
  }
  answer.response += list_symbols(hits);
}

Task<Result<void>> quote_places(AnswerDraft& draft) {
  const auto begin = std::chrono::steady_clock::now();
  ToolBox tools = draft.make_tools({});
  auto found = co_await tools.search(draft.context, draft.question(), kPlaces);
  if (!found && draft.ends_the_chat(found.error())) co_return std::unexpected(found.error());
  if (!found) {
    const std::string cause = describe_search_failure(draft.answer, found.error());
    draft.answer.response += cause + ".\n";
    draft.add_step({"coder", "search_code", cause, seconds_since(begin)});
    co_return Result<void>{};
  }
  draft.note_index(*found);
  auto check = [root = draft.request.project->root, &hits = found->hits] {
    std::vector<bool> verified;
    verified.reserve(hits.size());
    for (const SearchHit& hit : hits) verified.push_back(is_citation_true(root, hit));
    return verified;
  };
  const std::vector<bool> verified = co_await draft.parts.loop.run_blocking(std::move(check));
  describe_places(draft.answer, found->hits, verified);
  draft.add_step({"coder", "search_code", fmt::format("{} places found", found->hits.size()), seconds_since(begin)});
  co_return Result<void>{};
}

}  // namespace

std::string describe_search_failure(ChatAnswer& answer, const Error& error) {
  const std::string cause = shorten(error.message, kMessageBytes);
  answer.outcome = error.code == ErrorCode::not_found ? "not_indexed" : "search_failed";
  const char* const what = is_dependency_down(error.code) ? "retrieval is down: " : "";
  return fmt::format("The code could not be searched: {}{}", what, cause);
}

Task<Result<void>> answer_from_index(AnswerDraft& draft) {
  ChatAnswer& answer = draft.answer;
  if (draft.test_run) answer.response += draft.test_run->text;
  if (draft.plan.search || !draft.model_failure.empty()) {
    const auto quoted = co_await quote_places(draft);
    if (!quoted) co_return std::unexpected(quoted.error());
  }
  if (draft.model_failure.empty()) {
    answer.response += "\nNo model is configured (LLM_URL), so this answer is made of the index alone.\n";
    co_return Result<void>{};
  }
  answer.outcome = "model_failed";
  answer.response += fmt::format("\nThe model could not answer: {}. This answer is made of the index alone.\n",
                                 shorten(draft.model_failure, kMessageBytes));
  co_return Result<void>{};
}

}  // namespace codehelper
