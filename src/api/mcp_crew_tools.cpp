#include "mcp_crew_tools.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "codehelper/api/chat.hpp"
#include "codehelper/api/wire.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/execute/receipt.hpp"
#include "codehelper/execute/test_command.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::minutes kAskLimit{5};
constexpr std::chrono::milliseconds kLook{200};
constexpr std::chrono::seconds kReplyTime{5};   // of a call's time that is left when waiting ends
constexpr std::size_t kOutputBytes = 8 * 1024;  // of each stream; the end says most
constexpr std::size_t kProgressBytes = 200;
constexpr std::chrono::milliseconds kProgressInterval{500};

bool ends_the_call(const Error& error) {
  return error.code == ErrorCode::cancelled || error.code == ErrorCode::internal;
}

Result<McpToolResult> fail_call(const Error& error) {
  if (ends_the_call(error)) return std::unexpected(error);
  return make_mcp_failure(error.message);
}

// ask

/// Without the lines of the sources, which read_lines gives to whoever wants them.
json::object shorten_answer(const ChatAnswer& answer) {
  json::object object = to_json(answer);
  for (json::value& source : object["sources"].as_array()) source.as_object().erase("text");
  for (const char* field : {"steps", "usage", "index"}) object.erase(field);
  return object;
}

Task<Result<McpToolResult>> ask(McpCallParts parts) {
  auto question = required_text(parts.arguments, "question");
  if (!question) co_return make_mcp_failure(question.error().message);
  const auto conversation = optional_string(parts.arguments, "conversation_id");
  if (!conversation) co_return make_mcp_failure(conversation.error().message);
  ChatRequest chat;
  chat.message = std::move(*question);
  chat.conversation_id = conversation->value_or("");
  chat.pinned_repo = parts.services.projects->pinned_repo(parts.project);
  chat.project = std::move(parts.project);
  CrewSink on_event = [tell = parts.on_progress](const CrewEvent& event) {
    const auto* step = std::get_if<ChatStep>(&event);
    if (step != nullptr) tell(fmt::format("{}: {}: {}", step->role, step->action, step->outcome));
  };
  const RequestContext limited = parts.context.with_deadline(Deadline::after(kAskLimit));
  const auto answer = co_await answer_chat(parts.services, limited, std::move(chat), std::move(on_event));
  if (!answer) co_return fail_call(answer.error());
  co_return make_mcp_result(shorten_answer(*answer));
}

// run_tests

std::string_view last_part(std::string_view text) {
  if (text.size() <= kOutputBytes) return text;
  const std::size_t begin = text.find('\n', text.size() - kOutputBytes);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin + 1);
}

json::object describe_run(CommandResult run, std::vector<std::string> command) {
  if (run.arguments.empty()) run.arguments = std::move(command);
  const Receipt receipt = make_receipt(run);
  const std::string_view output = last_part(run.standard_output);
  const std::string_view errors = last_part(run.standard_error);
  const std::size_t left_out = run.standard_output.size() + run.standard_error.size() - output.size() - errors.size();
  return {{"success", is_success(receipt)},
          {"summary", describe_verdict(receipt)},
          {"exit_code", run.exit_code},
          {"timed_out", run.timed_out},
          {"duration_seconds", run.duration_seconds},
          {"stdout", mask_secrets(to_valid_utf8(output)).text},
          {"stderr", mask_secrets(to_valid_utf8(errors)).text},
          {"left_out_bytes", left_out},
          {"receipt", to_json(receipt)}};
}

/// Tells the last line of the output, now and then.
OutputSink make_output_sink(McpProgress tell) {
  auto next = std::chrono::steady_clock::time_point::min();
  return [tell = std::move(tell), next](OutputStream, std::string_view piece) mutable {
    const auto now = std::chrono::steady_clock::now();
    const std::string text = mask_secrets(to_valid_utf8(piece)).text;
    const std::vector<std::string_view> lines = split_lines(text);
    if (now < next || lines.empty() || lines.back().empty()) return;
    next = now + kProgressInterval;
    const std::string_view line = lines.back();
    tell(line.substr(0, line.size() > kProgressBytes ? character_border(line, kProgressBytes) : line.size()));
  };
}

Task<Result<McpToolResult>> run_tests(McpCallParts parts) {
  auto command = optional_strings(parts.arguments, "command");
  if (!command) co_return make_mcp_failure(command.error().message);
  if (*command && (*command)->empty()) {
    co_return make_mcp_failure("\"command\" must not be empty; leave it out for the usual test command");
  }
  if (!*command) {
    auto detect = [root = parts.project.root] { return detect_test_command(root); };
    auto usual = co_await parts.services.loop.run_blocking(std::move(detect));
    if (!usual) co_return make_mcp_failure(usual.error().message);
    *command = std::move(*usual);
  }
  ExecuteRequest execute;
  execute.project_path = parts.project.posted_path;
  execute.command = **command;
  RunListener listener;
  listener.on_started = [&parts, &command] { parts.on_progress(fmt::format("runs {}", fmt::join(**command, " "))); };
  listener.on_output = make_output_sink(parts.on_progress);
  auto run = co_await parts.services.runner->run(parts.context, std::move(execute), std::move(listener));
  if (!run && ends_the_call(run.error())) co_return std::unexpected(run.error());
  if (!run) co_return make_mcp_failure("the command could not be run: " + run.error().message);
  if (run->run_id.empty()) run->run_id = parts.context.request_id;
  co_return make_mcp_result(describe_run(std::move(*run), std::move(**command)));
}

// project_status, index_project

Task<Result<McpToolResult>> project_status(McpCallParts parts) {
  const auto status = co_await parts.services.projects->status(parts.context, parts.project.posted_path);
  if (!status) co_return fail_call(status.error());
  co_return make_mcp_result(project_to_json(*status));
}

std::string describe_progress(const ProjectStatus& status) {
  if (!status.job.progress) return "waits for its turn";
  return fmt::format("{} of {} files", status.job.progress->files_done, status.job.progress->files_total);
}

/// Until the index is no longer being made, or the call's time is nearly over.
Task<Result<McpToolResult>> await_index(McpCallParts parts) {
  std::string told;
  while (true) {
    const auto status = co_await parts.services.projects->status(parts.context, parts.project.posted_path);
    if (!status) co_return fail_call(status.error());
    const bool is_late = !parts.context.deadline.is_never() && parts.context.deadline.remaining() < kReplyTime;
    if (status->status == IndexStatus::failed) {
      co_return make_mcp_failure(fmt::format("the index could not be made: {}", status->job.cause));
    }
    if (status->status != IndexStatus::indexing || is_late) co_return make_mcp_result(project_to_json(*status));
    std::string now = describe_progress(*status);
    if (now != told) parts.on_progress(now);
    told = std::move(now);
    const auto waited = co_await sleep_for(kLook);
    if (!waited) co_return std::unexpected(waited.error());
  }
}

Task<Result<McpToolResult>> index_project(McpCallParts parts) {
  const auto reindex = optional_bool(parts.arguments, "reindex");
  if (!reindex) co_return make_mcp_failure(reindex.error().message);
  ProjectPost post;
  post.project_path = parts.project.posted_path;
  post.reindex = reindex->value_or(false) ? Reindex::always : Reindex::if_needed;
  const auto posted = co_await parts.services.projects->post(parts.context, std::move(post));
  const bool is_going_on = posted || posted.error().code == ErrorCode::conflict;
  if (!is_going_on) co_return fail_call(posted.error());
  co_return co_await await_index(std::move(parts));
}

constexpr std::string_view kStatusOutput = R"({"type":"object","properties":{
    "project_path":{"type":["string","null"]},"pinned_repo":{"type":["string","null"]},
    "index_status":{"type":"string","enum":["idle","indexing","ready","failed"]},
    "job_id":{"type":["string","null"]},"progress":{"type":"object"},
    "index":{"type":"object","properties":{"files":{"type":"integer"},"chunks":{"type":"integer"},
      "skipped":{"type":"integer"},"changed_files":{"type":"integer"},"finished_at":{"type":["string","null"]}},
      "required":["files","chunks","skipped","finished_at"]},
    "cause":{"type":"string"},"detail":{"type":"string"},"stale":{"type":"boolean"},"stale_because":{"type":"string"}},
    "required":["project_path","pinned_repo","index_status","job_id","progress","index"]})";

constexpr auto kTools = std::to_array<McpCrewTool>({
    {"ask", "Ask the crew",
     "Asks codehelper's crew a question about the code. It searches and reads by itself, and answers in Markdown with "
     "citations `path:first-last` that were checked against the files; what could not be is marked [unverified]. "
     "Without a model it answers with the best-matching places.",
     R"({"type":"object","properties":{"question":{"type":"string"},
         "conversation_id":{"type":"string","description":"of an earlier answer, to go on from it"}},
         "required":["question"],"additionalProperties":false})",
     R"({"type":"object","properties":{"response":{"type":"string"},"outcome":{"type":"string"},
         "sources":{"type":"array","items":{"type":"object","properties":{"path":{"type":"string"},
           "start_line":{"type":"integer"},"end_line":{"type":"integer"},"score":{"type":"number"},
           "verified":{"type":"boolean"},"language":{"type":"string"}},
           "required":["path","start_line","end_line","verified"]}},
         "edits":{"type":"array","items":{"type":"object"}},"receipts":{"type":"array","items":{"type":"object"}},
         "notes":{"type":"array","items":{"type":"string"}},"model":{"type":["string","null"]},
         "conversation_id":{"type":"string"}},
         "required":["response","outcome","sources","edits","receipts","notes","model","conversation_id"]})",
     // It may run the tests when the question asks for it.
     R"({"readOnlyHint":false,"destructiveHint":false,"idempotentHint":false,"openWorldHint":true})", Scope::chat,
     &ask},
    {"run_tests", "Run the tests",
     "Runs the project's tests in a sandbox: its usual test command, or the one that is given. \"success\" is true "
     "only when tests ran and none failed.",
     R"({"type":"object","properties":{"command":{"type":"array","items":{"type":"string"},"minItems":1,
         "description":"executable and arguments; the usual test command when left out"}},
         "additionalProperties":false})",
     R"({"type":"object","properties":{"success":{"type":"boolean"},"summary":{"type":"string"},
         "exit_code":{"type":"integer"},"timed_out":{"type":"boolean"},"duration_seconds":{"type":"number"},
         "stdout":{"type":"string"},"stderr":{"type":"string"},"left_out_bytes":{"type":"integer"},
         "receipt":{"type":"object"}},
         "required":["success","summary","exit_code","timed_out","duration_seconds","stdout","stderr","receipt"]})",
     R"({"readOnlyHint":false,"destructiveHint":false,"idempotentHint":false,"openWorldHint":false})", Scope::run,
     &run_tests},
    {"project_status", "Status of the index",
     "Whether the project is indexed, how far a running index job is, and how many files changed since.",
     R"({"type":"object","properties":{},"additionalProperties":false})", kStatusOutput,
     R"({"readOnlyHint":true,"destructiveHint":false,"idempotentHint":true,"openWorldHint":false})", Scope::read,
     &project_status},
    {"index_project", "Index the project",
     "Indexes the project, or brings its index up to date, and answers when that is done. The project becomes the "
     "current one.",
     R"({"type":"object","properties":{"reindex":{"type":"boolean","description":"also when it is indexed already"}},
         "additionalProperties":false})",
     kStatusOutput, R"({"readOnlyHint":false,"destructiveHint":false,"idempotentHint":true,"openWorldHint":false})",
     Scope::admin, &index_project},
});

}  // namespace

std::span<const McpCrewTool> mcp_crew_tools() {
  return kTools;
}

}  // namespace codehelper
