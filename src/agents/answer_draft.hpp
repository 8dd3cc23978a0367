// One chat answer in the making, which the roles add to one after the other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codehelper/agents/crew.hpp"
#include "codehelper/agents/tool_box.hpp"
#include "test_run.hpp"

namespace codehelper {

struct AnswerDraft {
  const Crew::Parts& parts;
  RequestContext context;
  ChatRequest request;
  CrewSink on_event;
  std::vector<ConversationTurn> turns = {};  // before this one
  ChatPlan plan = {};
  std::optional<TestRun> test_run = {};
  std::string model_failure = {};  // not empty: the model is not asked any more
  ChatAnswer answer = {};

  void emit(const CrewEvent& event) const;
  void add_step(ChatStep step);
  /// Each note once.
  void add_note(std::string note);
  /// Which index was searched, and how fresh it is.
  void note_index(const SearchResult& found);
  void count(const TokenUsage& usage);
  /// Of a running command; empty when nobody listens.
  OutputSink output_sink() const;
  /// A dependency's own time-out doesn't: the answer says that part is down.
  bool ends_the_chat(const Error& error) const;

  /// What is looked for: the message with what is attached.
  std::string question() const;
  /// With the attachments.
  ToolBox make_tools(CommandPermit permit) const;
};

std::string describe_freshness(const IndexMarker& index, std::optional<std::uint64_t> changed_files);

/// Why nothing was found, without a full stop; sets the answer's outcome.
std::string describe_search_failure(ChatAnswer& answer, const Error& error);

/// Of the best-matching places alone. Errors: cancelled, timeout.
Task<Result<void>> answer_from_index(AnswerDraft& draft);
/// Falls back on the index when the model fails. Errors: cancelled, timeout.
Task<Result<void>> answer_with_model(AnswerDraft& draft);

}  // namespace codehelper
