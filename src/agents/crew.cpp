#include "codehelper/agents/crew.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "answer_draft.hpp"
#include "codehelper/base/elapsed.hpp"
#include "codehelper/net/with_deadline.hpp"
#include "manager.hpp"

namespace codehelper {

namespace {

constexpr std::chrono::seconds kPlanLimit{20};

/// Then the Coder need not ask as well.
bool is_down(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::unauthorized || code == ErrorCode::not_found ||
         code == ErrorCode::overloaded;
}

std::string describe_plan(const ChatPlan& plan) {
  std::vector<std::string_view> parts;
  if (plan.run_tests) parts.emplace_back("run the tests");
  if (!plan.web_searches.empty()) parts.emplace_back("search the web");
  if (plan.search) parts.emplace_back("search the code");
  if (plan.edit) parts.emplace_back("propose a change");
  return fmt::format("{}", fmt::join(parts, ", "));
}

void name_attachments(std::vector<ChatAttachment>& attachments) {
  std::size_t number = 0;
  for (ChatAttachment& attachment : attachments) {
    ++number;
    if (attachment.name.empty()) attachment.name = fmt::format("attachment-{}", number);
  }
}

Task<void> load_turns(AnswerDraft& draft) {
  if (draft.request.history) draft.turns = *draft.request.history;
  if (draft.request.history) co_return;
  ConversationStore* const conversations = draft.parts.conversations;
  if (conversations == nullptr || draft.request.conversation_id.empty()) co_return;
  auto loaded = co_await conversations->load(draft.context, draft.request.conversation_id);
  if (loaded) draft.turns = std::move(loaded->turns);
  if (loaded || loaded.error().code == ErrorCode::not_found) co_return;
  draft.add_note("The conversation before could not be read: " + loaded.error().message);
}

ManagerTask make_manager_task(const AnswerDraft& draft) {
  ManagerTask task;
  task.message = draft.request.message;
  for (const ConversationTurn& turn : draft.turns) task.earlier_messages.push_back(turn.question);
  task.project_name = draft.request.project->root.filename().string();
  task.pinned_repo = draft.request.pinned_repo;
  for (const ChatAttachment& attachment : draft.request.attachments) task.attachment_names.push_back(attachment.name);
  task.can_search_web = draft.parts.web != nullptr;
  return task;
}

Task<Result<ModelReply>> ask_manager(const AnswerDraft& draft, ModelRequest request) {
  const auto facts = co_await draft.parts.model->describe(draft.context);
  if (!facts) co_return std::unexpected(facts.error());
  co_return co_await draft.parts.model->ask(draft.context, std::move(request), {});
}

/// By the model, when there is one and what it says is a plan; else by rules. Errors: cancelled, timeout.
Task<Result<void>> decide_plan(AnswerDraft& draft) {
  const auto begin = std::chrono::steady_clock::now();
  draft.plan = make_plan(draft.request.message);
  if (draft.parts.model != nullptr && draft.request.project) {
    const ManagerTask task = make_manager_task(draft);
    const Deadline limit = draft.context.deadline.earlier(Deadline::after(kPlanLimit));
    auto asking = ask_manager(draft, make_plan_request(task));
    const auto reply = co_await with_deadline(limit, "the plan", std::move(asking));
    if (!reply && draft.ends_the_chat(reply.error())) co_return std::unexpected(reply.error());
    if (!reply && is_down(reply.error().code)) draft.model_failure = reply.error().message;
    if (reply) draft.count(reply->usage);
    auto read = reply ? read_plan(reply->content, task) : Result<ReadPlan>(std::unexpected(reply.error()));
    if (read) {
      // What the rules see in the words is there.
      read->plan.run_tests = read->plan.run_tests || draft.plan.run_tests;
      read->plan.edit = read->plan.edit || draft.plan.edit;
      draft.plan = std::move(read->plan);
      for (std::string& refused : read->refused) draft.add_step({"manager", "refused", std::move(refused), 0});
    } else {
      draft.context.log.warning("plan_by_rules", {{"cause", read.error().message}});
    }
  }
  draft.emit(draft.plan);
  draft.add_step({"manager", "plan", describe_plan(draft.plan), seconds_since(begin)});
  co_return Result<void>{};
}

Task<Result<void>> run_tests(AnswerDraft& draft) {
  if (!draft.plan.run_tests) co_return Result<void>{};
  const auto begin = std::chrono::steady_clock::now();
  auto run = co_await run_usual_tests(draft.context, draft.parts, *draft.request.project, draft.output_sink());
  if (!run) co_return std::unexpected(run.error());
  draft.add_step({"runner", "run_tests", run->sentence, seconds_since(begin)});
  if (run->receipt) draft.answer.receipts.push_back(*run->receipt);
  draft.test_run = std::move(*run);
  co_return Result<void>{};
}

Task<Result<void>> fill(AnswerDraft& draft) {
  name_attachments(draft.request.attachments);
  co_await load_turns(draft);
  const auto planned = co_await decide_plan(draft);
  if (!planned) co_return planned;
  if (!draft.request.project) {
    draft.answer.outcome = "no_project";
    draft.answer.response = "No project is set. POST /project with the path of a repository, or send \"project_path\".";
    co_return Result<void>{};
  }
  const auto ran = co_await run_tests(draft);
  if (!ran) co_return ran;
  const bool asks_model = draft.parts.model != nullptr && draft.model_failure.empty();
  if (asks_model) co_return co_await answer_with_model(draft);
  co_return co_await answer_from_index(draft);
}

}  // namespace

Task<Result<ChatAnswer>> Crew::answer(RequestContext context, ChatRequest request, CrewSink on_event) {
  AnswerDraft draft{parts_, std::move(context), std::move(request), std::move(on_event)};
  draft.answer.conversation_id =
      draft.request.conversation_id.empty() ? make_request_id() : draft.request.conversation_id;
  const auto filled = co_await fill(draft);
  if (!filled) co_return std::unexpected(filled.error());
  co_return std::move(draft.answer);
}

}  // namespace codehelper
