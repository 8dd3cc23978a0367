// The answer by a model: what it is given, the Coder's work, and the check of what it says.
#include <fmt/format.h>

#include <algorithm>

#include "answer_draft.hpp"
#include "codehelper/base/elapsed.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/execute/test_command.hpp"
#include "coder.hpp"
#include "edits.hpp"
#include "excerpt.hpp"
#include "history.hpp"
#include "prompt.hpp"
#include "proof.hpp"
#include "tool_text.hpp"
#include "web_tool.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kEvidenceHits = 8;  // of each search
constexpr std::size_t kPieceBytes = 3 * 1024;
/// What is left to fall back on the index when the model doesn't answer.
constexpr std::chrono::seconds kFallBackTime{10};

Task<CommandPermit> make_permit(const AnswerDraft& draft) {
  CommandPermit permit;
  if (!draft.plan.run_tests || !draft.context.caller.scopes.has(Scope::run)) co_return permit;
  auto detect = [root = draft.request.project->root] { return detect_test_command(root); };
  auto command = co_await draft.parts.loop.run_blocking(std::move(detect));
  permit.runner = &draft.parts.runner;
  if (command) permit.test_command = std::move(*command);
  permit.user_words = draft.request.message;
  permit.on_output = draft.output_sink();
  co_return permit;
}

/// What a caller's program says may take so much of the model's window.
std::size_t instruction_bytes(const ModelFacts& facts) {
  constexpr std::size_t kShare = 8;
  constexpr std::size_t kBytesAToken = 3;
  return facts.context_tokens / kShare * kBytesAToken;
}

PromptTask make_prompt_task(const AnswerDraft& draft, const ModelFacts& facts) {
  PromptTask task;
  task.project_name = draft.request.project->root.filename().string();
  task.pinned_repo = draft.request.pinned_repo;
  task.instructions = first_part(mask_secrets(draft.request.instructions).text, instruction_bytes(facts));
  task.is_edit = draft.plan.edit;
  task.can_run = draft.plan.run_tests;
  if (draft.test_run) task.run_report = draft.test_run->sentence + "\n" + draft.test_run->output;
  return task;
}

/// A long message is attached as well, so that all of it can be read.
void set_message(PromptTask& task, const ChatRequest& request, ToolBox& tools, std::size_t limit_tokens) {
  task.message = mask_secrets(request.message).text;
  for (const ChatAttachment& attachment : request.attachments) {
    const auto lines = split_lines(attachment.text).size();
    task.attachments.push_back(fmt::format("attachment:{} ({} lines)", attachment.name, lines));
  }
  const std::size_t tokens = estimate_tokens(task.message);
  if (tokens <= limit_tokens) return;
  tools.attach("message", request.message);
  task.attachments.emplace_back("attachment:message (the whole question)");
  task.message.resize(first_part(task.message, task.message.size() * limit_tokens / tokens).size());
  task.message += "\n(The question goes on in attachment:message.)";
}

std::vector<ConversationTurn> mask_turns(std::vector<ConversationTurn> turns) {
  for (ConversationTurn& turn : turns) turn.question = mask_secrets(turn.question).text;
  return turns;
}

Task<Result<void>> search_web(AnswerDraft& draft, PromptTask& task) {
  for (const std::string& query : draft.plan.web_searches) {
    const auto begin = std::chrono::steady_clock::now();
    boost::json::object arguments{{"query", query}};
    auto found = co_await search_web(*draft.parts.web, draft.context, std::move(arguments));
    if (!found) co_return std::unexpected(found.error());
    draft.add_step({"researcher", "web_search", fmt::format("{}: {}", query, found->summary), seconds_since(begin)});
    task.web_report += fmt::format("({})\n{}", query, found->text);
  }
  co_return Result<void>{};
}

/// Hits of the questions, those of the first one first; places that meet come once. What keeps the search from working
/// is said in the task, and is no error.
Task<Result<std::vector<SearchHit>>> find_hits(AnswerDraft& draft, ToolBox& tools, PromptTask& task) {
  std::vector<std::string> questions = draft.plan.searches;
  questions.insert(questions.begin(), draft.question());
  std::vector<SearchHit> hits;
  for (std::string& question : questions) {
    const auto begin = std::chrono::steady_clock::now();
    auto found = co_await tools.search(draft.context, std::move(question), kEvidenceHits);
    if (!found && draft.ends_the_chat(found.error())) co_return std::unexpected(found.error());
    if (!found) {
      const std::string cause = describe_search_failure(draft.answer, found.error());
      draft.answer.outcome = "answered";
      task.index_report = cause + ". Use read_lines, list_files and grep.";
      draft.add_step({"coder", "search_code", cause, seconds_since(begin)});
      draft.add_note(cause + ".");
      break;
    }
    draft.note_index(*found);
    draft.add_step({"coder", "search_code", fmt::format("{} places found", found->hits.size()), seconds_since(begin)});
    for (SearchHit& hit : found->hits) {
      const auto meets = [&](const SearchHit& other) {
        return other.path == hit.path && other.start_line <= hit.end_line && hit.start_line <= other.end_line;
      };
      if (std::ranges::none_of(hits, meets)) hits.push_back(std::move(hit));
    }
  }
  const auto& index = draft.answer.index;
  const bool is_stale = index && draft.answer.changed_files.value_or(0) > 0;
  if (is_stale) task.index_report = describe_freshness(*index, draft.answer.changed_files);
  co_return hits;
}

/// What of the hits is shown; they are noted as read, and are the answer's sources until it cites others.
std::vector<EvidencePiece> show_evidence(std::vector<SearchHit> hits, ToolBox& tools, std::size_t limit_tokens,
                                         std::vector<ChatSource>& sources) {
  std::vector<EvidencePiece> pieces;
  for (SearchHit& hit : hits) {
    hit.text.resize(first_part(hit.text, kPieceBytes).size());
    const auto lines = static_cast<int>(split_lines(hit.text).size());
    hit.end_line = hit.start_line + std::max(lines, 1) - 1;
    std::string title = name_place(hit.path, hit.start_line, hit.end_line);
    if (!hit.symbol.empty()) title += fmt::format(" ({})", hit.symbol);
    pieces.push_back({std::move(title), number_lines(mask_secrets(hit.text).text, hit.start_line)});
  }
  pieces.resize(fit_evidence(pieces, limit_tokens));
  for (const SearchHit& hit : std::span(hits).first(pieces.size())) {
    tools.note_shown(hit);
    sources.push_back(
        {hit.path, hit.start_line, hit.end_line, hit.score, true, mask_secrets(hit.text).text, hit.language});
  }
  return pieces;
}

void take_text(ChatAnswer& answer, CoderWork work) {
  answer.response = std::move(work.text);
  if (work.finish == FinishReason::length) {
    answer.outcome = "cut";
    answer.response += "\n\n*The answer ends here because the model's limit of length was reached.*\n";
  }
  if (work.finish == FinishReason::refused) {
    answer.outcome = "refused";
    answer.response += "\n\n*The model's server refused to go on (content filter).*\n";
  }
}

/// The answer's diffs checked; while they don't apply, the Coder is told why, and tries again. That it fails then
/// leaves the answer as it was.
Task<Result<CoderWork>> settle_edit(AnswerDraft& draft, Coder& coder, CoderWork work) {
  constexpr int kTries = 3;
  for (int tried = 1;; ++tried) {
    std::string diffs = find_diffs(work.text);
    if (diffs.empty()) co_return work;
    auto check = [root = draft.request.project->root, diffs = std::move(diffs)] { return check_edit(root, diffs); };
    ChatEdit edit = co_await draft.parts.loop.run_blocking(std::move(check));
    draft.add_step({"coder", "check_edit", edit.applies ? "the change applies" : "doesn't apply: " + edit.reason, 0});
    Result<CoderWork> again = fail(ErrorCode::conflict, "it is not asked again");
    if (!edit.applies && draft.plan.edit && tried < kTries) {
      std::string message = fmt::format(
          "The diff doesn't apply: {}. Read the lines that it changes, and give all of your answer again with a diff "
          "that "
          "does. The question was:\n{}",
          edit.reason, mask_secrets(draft.request.message).text);
      again = co_await coder.go_on(draft.context, std::move(message));
    }
    if (!again && draft.ends_the_chat(again.error())) co_return std::unexpected(again.error());
    if (!again) {
      work.text = show_edit(work.text, edit);
      draft.answer.edits.push_back(std::move(edit));
      co_return work;
    }
    work = std::move(*again);
  }
}

Task<Result<void>> ask_coder(AnswerDraft& draft, const ModelFacts& facts, ToolBox& tools, CoderTask task) {
  const auto begin = std::chrono::steady_clock::now();
  Coder::StepSink on_step = [&draft](ChatStep step) { draft.add_step(std::move(step)); };
  Coder coder(*draft.parts.model, tools, std::move(on_step), draft.on_event);
  auto work = co_await coder.work(draft.context, std::move(task));
  if (work) work = co_await settle_edit(draft, coder, std::move(*work));
  if (!work) co_return std::unexpected(work.error());
  draft.add_step({"coder", "answer", fmt::format("{} bytes", work->text.size()), seconds_since(begin)});
  draft.count(work->usage);
  draft.emit(*draft.answer.usage);
  draft.answer.model = facts.model;
  for (std::string& note : work->notes) draft.add_note(std::move(note));
  take_text(draft.answer, std::move(*work));
  const auto& receipts = tools.receipts();
  draft.answer.receipts.insert(draft.answer.receipts.end(), receipts.begin(), receipts.end());
  co_return co_await check_claims(draft.context, tools, draft.answer, draft.on_event);
}

Task<Result<void>> work_with_model(AnswerDraft& draft) {
  const auto facts = co_await draft.parts.model->describe(draft.context);
  if (!facts) co_return std::unexpected(facts.error());
  CommandPermit permit = co_await make_permit(draft);
  ToolBox tools = draft.make_tools(std::move(permit));
  PromptTask prompt = make_prompt_task(draft, *facts);
  ModelRequest fixed;
  fixed.messages = {{MessageRole::system, make_rules(prompt)}};
  fixed.tools = tools.specs();
  const PromptBudget budget = share_out(*facts, estimate_tokens(fixed), draft.plan.edit);
  set_message(prompt, draft.request, tools, budget.question);
  prompt.history = make_history(mask_turns(draft.turns), budget.history);
  const auto searched = co_await search_web(draft, prompt);
  if (!searched) co_return std::unexpected(searched.error());
  auto hits = co_await find_hits(draft, tools, prompt);
  if (!hits) co_return std::unexpected(hits.error());
  CoderTask task;
  task.messages = make_prompt(prompt, show_evidence(std::move(*hits), tools, budget.evidence, draft.answer.sources));
  task.max_output_tokens = budget.output;
  task.prompt_tokens = budget.prompt();
  co_return co_await ask_coder(draft, *facts, tools, std::move(task));
}

}  // namespace

Task<Result<void>> answer_with_model(AnswerDraft& draft) {
  const Deadline whole = draft.context.deadline;
  if (!whole.is_never()) draft.context.deadline = Deadline::at(whole.when() - kFallBackTime);
  const auto worked = co_await work_with_model(draft);
  draft.context.deadline = whole;
  if (worked) co_return Result<void>{};
  if (draft.ends_the_chat(worked.error())) co_return std::unexpected(worked.error());
  draft.model_failure = worked.error().message;
  draft.context.log.warning("model_failed", {{"cause", draft.model_failure}});
  draft.answer.sources.clear();
  co_return co_await answer_from_index(draft);
}

}  // namespace codehelper
