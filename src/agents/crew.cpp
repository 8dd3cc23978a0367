#include "codehelper/agents/crew.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "codehelper/base/text.hpp"
#include "codehelper/execute/receipt.hpp"
#include "codehelper/retrieve/citation_check.hpp"
#include "excerpt.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kPlaces = 5;  // quoted in an answer
constexpr int kQuotedLines = 30;    // of one place
constexpr std::size_t kQuotedBytes = 4 * 1024;
constexpr std::size_t kAnswerBytes = 16 * 1024;  // after which places are named without their text
constexpr std::size_t kOutputTail = 2000;        // bytes of a test run's output shown
constexpr std::size_t kMessageBytes = 500;       // of an error of another part
constexpr std::size_t kSymbols = 20;
constexpr std::size_t kSymbolBytes = 120;

std::string describe_place(const SearchHit& hit, bool is_verified) {
  std::string text = fmt::format("**{}:{}-{}**", hit.path, hit.start_line, hit.end_line);
  if (!hit.symbol.empty()) text += fmt::format(" — `{}`", shorten(hit.symbol, kSymbolBytes));
  if (!is_verified) text += " — *changed since it was indexed; these lines are the indexed ones*";
  return text + "\n";
}

std::string quote(const SearchHit& hit, std::size_t limit_bytes) {
  const std::string_view shown = first_part(select_lines(hit.text, 1, kQuotedLines), limit_bytes);
  std::string text = shown.empty() ? std::string() : make_code_block(hit.language, shown);
  if (shown.size() < hit.text.size()) {
    text += fmt::format("({} of its {} bytes are left out)\n", hit.text.size() - shown.size(), hit.text.size());
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

struct TestsOutcome {
  std::string text;      // Markdown, for the answer
  std::string sentence;  // for the step
};

TestsOutcome describe_run(const std::vector<std::string>& command, const CommandResult& run) {
  Receipt receipt = make_receipt(run);
  receipt.arguments = command;
  std::string sentence = describe_verdict(receipt);
  const std::string& output = run.standard_output.empty() ? run.standard_error : run.standard_output;
  const std::string_view shown = last_part(output, kOutputTail);
  std::string text = fmt::format("{} It took {:.1f} s.\n\n", sentence, run.duration_seconds);
  if (shown.size() < output.size()) {
    text += fmt::format("The end of its output ({} of {} bytes are left out):\n\n", output.size() - shown.size(),
                        output.size());
  }
  if (!output.empty()) text += make_code_block("", shown);
  return {std::move(text), std::move(sentence)};
}

// One answer in the making.
class Answering {
 public:
  Answering(const Crew::Parts& parts, RequestContext context, ChatRequest request, StepSink on_step)
      : parts_(parts), context_(std::move(context)), request_(std::move(request)), on_step_(std::move(on_step)) {}

  Task<Result<ChatAnswer>> run() {
    answer_.conversation_id = request_.conversation_id.empty() ? make_request_id() : request_.conversation_id;
    const ChatPlan plan = make_plan(request_.message);
    ChatStep planned{"manager", "plan", ""};
    planned.outcome = plan.run_tests && plan.search ? "run the tests and search the code"
                      : plan.run_tests              ? "run the tests"
                                                    : "search the code";
    co_await add_step(std::move(planned));
    if (!request_.project) {
      answer_.outcome = "no_project";
      answer_.response = "No project is set. POST /project with the path of a repository, or send \"project_path\".";
      co_return std::move(answer_);
    }
    if (plan.run_tests) {
      const auto ran = co_await run_tests();
      if (!ran) co_return std::unexpected(ran.error());
    }
    if (plan.search) {
      const auto searched = co_await search();
      if (!searched) co_return std::unexpected(searched.error());
    }
    answer_.response += "\n" + parts_.model_note + "\n";
    co_return std::move(answer_);
  }

 private:
  Task<void> add_step(ChatStep step) {
    answer_.steps.push_back(step);
    if (on_step_) co_await on_step_(std::move(step));
  }

  /// A dependency's own time-out doesn't: the answer says that part is down.
  bool ends_the_chat(const Error& error) const {
    return error.code == ErrorCode::cancelled || (error.code == ErrorCode::timeout && context_.deadline.passed());
  }

  Task<Result<void>> run_tests() {
    const std::filesystem::path root = request_.project->root;
    auto detect = [root] { return detect_test_command(root); };
    const auto command = co_await parts_.loop.run_blocking(std::move(detect));
    if (!command) {
      const std::string cause = shorten(command.error().message, kMessageBytes);
      answer_.response += fmt::format("The tests could not be run: {}.\n", cause);
      co_await add_step({"runner", "run_tests", cause});
      co_return Result<void>{};
    }
    ExecuteRequest execute;
    execute.project_path = root.string();
    execute.command = *command;
    const auto run = co_await parts_.runner.run(context_, std::move(execute), {});
    if (!run && run.error().code == ErrorCode::cancelled) co_return std::unexpected(run.error());
    TestsOutcome outcome;
    if (run) {
      outcome = describe_run(*command, *run);
    } else {
      outcome.sentence = "the run failed: " + shorten(run.error().message, kMessageBytes);
      outcome.text = fmt::format("The tests could not be run: {}.\n", outcome.sentence);
    }
    answer_.response += outcome.text;
    co_await add_step({"runner", "run_tests", std::move(outcome.sentence)});
    co_return Result<void>{};
  }

  std::string question() const {
    std::string text = request_.message;
    for (const ChatAttachment& attachment : request_.attachments)
      text += "\n" + attachment.name + "\n" + attachment.text;
    return text;
  }

  Task<Result<void>> search() {
    SearchRequest search;
    search.question = question();
    search.limit = kPlaces;
    const Project project = *request_.project;
    auto found = co_await parts_.retriever.search(context_, project, std::move(search));
    if (!found && ends_the_chat(found.error())) co_return std::unexpected(found.error());
    if (!found) {
      const std::string cause = describe_search_failure(found.error());
      answer_.response += cause + ".\n";
      co_await add_step({"coder", "search_code", cause});
      co_return Result<void>{};
    }
    answer_.index = found->index;
    answer_.changed_files = found->changed_files;
    const std::vector<bool> verified = co_await verify(project, found->hits);
    describe_places(found->hits, verified);
    co_await add_step({"coder", "search_code", fmt::format("{} places found", found->hits.size())});
    co_return Result<void>{};
  }

  // Sets the outcome and says what is down.
  std::string describe_search_failure(const Error& error) {
    const std::string cause = shorten(error.message, kMessageBytes);
    answer_.outcome = error.code == ErrorCode::not_found ? "not_indexed" : "search_failed";
    const bool is_down = is_dependency_down(error.code);
    const char* const what = is_down ? "retrieval is down: " : "";
    return fmt::format("The code could not be searched: {}{}", what, cause);
  }

  Task<std::vector<bool>> verify(const Project& project, const std::vector<SearchHit>& hits) {
    auto check = [&project, &hits] {
      std::vector<bool> verified;
      verified.reserve(hits.size());
      for (const SearchHit& hit : hits) verified.push_back(is_citation_true(project.root, hit));
      return verified;
    };
    co_return co_await parts_.loop.run_blocking(std::move(check));
  }

  void describe_places(const std::vector<SearchHit>& hits, const std::vector<bool>& verified) {
    if (hits.empty()) {
      answer_.outcome = "nothing_found";
      answer_.response += "Nothing in the index matches the question.\n";
      return;
    }
    answer_.response += "The best-matching places:\n\n";
    for (std::size_t i = 0; i < hits.size(); ++i) {
      answer_.response += fmt::format("{}. {}", i + 1, describe_place(hits[i], verified[i]));
      const std::size_t left = kAnswerBytes - std::min(answer_.response.size(), kAnswerBytes);
      answer_.response += quote(hits[i], std::min(kQuotedBytes, left)) + "\n";
      answer_.sources.push_back({hits[i].path, hits[i].start_line, hits[i].end_line, hits[i].score, verified[i]});
    }
    answer_.response += list_symbols(hits);
  }

  const Crew::Parts& parts_;
  RequestContext context_;
  ChatRequest request_;
  StepSink on_step_;
  ChatAnswer answer_;
};

}  // namespace

Task<Result<ChatAnswer>> Crew::answer(RequestContext context, ChatRequest request, StepSink on_step) {
  Answering answering(parts_, std::move(context), std::move(request), std::move(on_step));
  auto answer = co_await answering.run();
  co_return answer;
}

}  // namespace codehelper
