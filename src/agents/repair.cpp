// A patch with which tests fail goes back to the model, with what they wrote.
#include <fmt/format.h>

#include "codehelper/agents/crew.hpp"
#include "codehelper/agents/tool_box.hpp"
#include "codehelper/base/secret_text.hpp"
#include "coder.hpp"
#include "edits.hpp"
#include "excerpt.hpp"
#include "prompt.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kRepairs = 3;
constexpr std::size_t kOutputBytes = 6 * 1024;  // of each stream; the end says most
constexpr std::size_t kWishBytes = 2 * 1024;

struct RepairTask {
  Project project;
  std::string patch;  // as it was tested
  std::string wish;
  const VerifyOutcome& failed;
};

std::string make_question(const RepairTask& task) {
  std::string text;
  if (!task.wish.empty()) text += fmt::format("The user wants: {}\n\n", first_part(task.wish, kWishBytes));
  text += fmt::format("This patch was applied to a copy of the project:\n\n{}\n", make_code_block("diff", task.patch));
  text += fmt::format("{}\n", describe_verdict(task.failed.receipt));
  for (const std::string* output : {&task.failed.run.standard_output, &task.failed.run.standard_error}) {
    if (!output->empty()) text += "\n" + make_code_block("", last_part(*output, kOutputBytes));
  }
  text +=
      "\nThe project's files are as they were before the patch. Find out why the tests fail, and give the whole patch "
      "again, mended, against these files.";
  return mask_secrets(text).text;
}

/// The mended patch. Errors: those of the model; bad_answer when it gives no patch that applies.
Task<Result<std::string>> mend(const Crew::Parts& parts, RequestContext context, RepairTask task) {
  const auto facts = co_await parts.model->describe(context);
  if (!facts) co_return std::unexpected(facts.error());
  ToolBox tools({parts.loop, parts.retriever, parts.symbols, parts.max_file_bytes, nullptr}, task.project);
  PromptTask prompt;
  prompt.message = make_question(task);
  prompt.project_name = task.project.root.filename().string();
  prompt.is_edit = true;
  CoderTask coding;
  coding.messages = make_prompt(prompt, {});
  const PromptBudget budget = share_out(*facts, 0, true);
  coding.max_output_tokens = budget.output;
  coding.prompt_tokens = budget.prompt();
  const CrewSink nobody;
  Coder coder(*parts.model, tools, [](const ChatStep&) {}, nobody);
  const auto work = co_await coder.work(context, std::move(coding));
  if (!work) co_return std::unexpected(work.error());
  auto check = [root = task.project.root, diffs = find_diffs(work->text)] { return check_edit(root, diffs); };
  ChatEdit edit = co_await parts.loop.run_blocking(std::move(check));
  if (!edit.applies) co_return fail(ErrorCode::bad_answer, "the mended patch doesn't apply: " + edit.reason);
  co_return std::move(edit.patch);
}

}  // namespace

Task<Result<std::vector<VerifyOutcome>>> Crew::verify(RequestContext context, Project project, VerifyRequest request,
                                                      std::string wish, VerifyListener listener) {
  std::vector<VerifyOutcome> runs;
  while (true) {
    auto verifying = verify_patch(parts_.loop, parts_.runner, context, request, listener.run);
    auto run = co_await std::move(verifying);
    const bool is_over = !run && (runs.empty() || run.error().code == ErrorCode::cancelled);
    if (is_over) co_return std::unexpected(run.error());
    if (!run) break;
    runs.push_back(std::move(*run));
    const VerifyOutcome& last = runs.back();
    const bool has_failed = last.receipt.outcome == "failed" && !last.receipt.tests.ran_nothing();
    const bool can_be_mended = request.patch && has_failed && has_model();
    if (!can_be_mended || runs.size() > kRepairs) break;
    if (listener.on_failed) listener.on_failed(last);
    RepairTask task{project, last.run.copy ? last.run.copy->patch : *request.patch, wish, last};
    auto mended = co_await mend(parts_, context, std::move(task));
    if (!mended && mended.error().code == ErrorCode::cancelled) co_return std::unexpected(mended.error());
    if (!mended) {
      context.log.warning("patch_not_mended", {{"cause", mended.error().message}});
      break;
    }
    if (*mended == *request.patch) break;
    request.patch = std::move(*mended);
  }
  co_return runs;
}

}  // namespace codehelper
