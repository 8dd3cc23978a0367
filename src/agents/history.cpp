#include "history.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>

#include "codehelper/base/json_fields.hpp"
#include "excerpt.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kQuestionBytes = 200;  // of a summarised turn
constexpr std::size_t kAnswerBytes = 300;
constexpr std::size_t kPlaces = 4;

std::string list_places(const boost::json::object& answer) {
  std::string places;
  std::size_t count = 0;
  const auto* sources = answer.if_contains("sources");
  if (sources == nullptr || !sources->is_array()) return places;
  for (const auto& source : sources->as_array()) {
    if (!source.is_object() || ++count > kPlaces) break;
    const auto& place = source.as_object();
    places += fmt::format("{}{}:{}-{}", places.empty() ? " Places: " : ", ", text_in(place, "path"),
                          count_in(place, "start_line"), count_in(place, "end_line"));
  }
  return places;
}

std::string summarise(const ConversationTurn& turn) {
  return fmt::format("- The user asked: {}\n  The answer began: {}{}\n", shorten(turn.question, kQuestionBytes),
                     shorten(text_in(turn.answer, "response"), kAnswerBytes), list_places(turn.answer));
}

std::size_t tokens_of(const ConversationTurn& turn) {
  return estimate_tokens(turn.question) + estimate_tokens(text_in(turn.answer, "response"));
}

}  // namespace

std::vector<ModelMessage> make_history(const std::vector<ConversationTurn>& turns, std::size_t limit_tokens) {
  constexpr std::size_t kSummaryShare = 4;  // of the limit
  const std::size_t for_turns = limit_tokens - limit_tokens / kSummaryShare;
  std::size_t whole = 0;
  std::size_t used = 0;
  while (whole < turns.size() && used + tokens_of(turns[turns.size() - 1 - whole]) <= for_turns) {
    used += tokens_of(turns[turns.size() - 1 - whole]);
    ++whole;
  }
  std::vector<std::string> summaries;  // newest first
  const std::size_t older = turns.size() - whole;
  std::size_t summarised = 0;
  for (std::size_t i = 0; i < older; ++i) {
    std::string summary = summarise(turns[older - 1 - i]);
    used += estimate_tokens(summary);
    if (used > limit_tokens) break;
    summaries.push_back(std::move(summary));
    ++summarised;
  }
  std::vector<ModelMessage> messages;
  if (older > 0) {
    std::string text = "Earlier in this conversation, in short:\n";
    if (summarised < older) text += fmt::format("- {} older questions are left out\n", older - summarised);
    for (auto summary = summaries.rbegin(); summary != summaries.rend(); ++summary) text += *summary;
    messages.push_back({MessageRole::user, std::move(text)});
    messages.push_back({MessageRole::assistant, "I see."});
  }
  for (std::size_t i = older; i < turns.size(); ++i) {
    messages.push_back({MessageRole::user, turns[i].question});
    messages.push_back({MessageRole::assistant, text_in(turns[i].answer, "response")});
  }
  return messages;
}

}  // namespace codehelper
