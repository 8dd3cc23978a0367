#include "codehelper/api/chat.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>

#include "codehelper/api/wire.hpp"
#include "codehelper/base/elapsed.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/log.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kShownOutput = 4 * 1024;  // of a tool's result, in an event

json::object to_json(const ChatStep& step) {
  return {{"role", step.role}, {"action", step.action}, {"outcome", step.outcome}, {"seconds", step.seconds}};
}

json::object to_json(const ChatSource& source) {
  return {{"path", source.path},        {"start_line", source.start_line}, {"end_line", source.end_line},
          {"score", source.score},      {"verified", source.verified},     {"text", source.text},
          {"language", source.language}};
}

json::object to_json(const TokenUsage& usage) {
  return {{"prompt_tokens", usage.prompt}, {"completion_tokens", usage.completion}, {"estimated", usage.is_estimate}};
}

json::object to_json(const ChatEdit& edit) {
  json::object object{{"patch", edit.patch}, {"applies", edit.applies}, {"files", json::value_from(edit.files)}};
  if (!edit.reason.empty()) object["reason"] = edit.reason;
  return object;
}

json::object to_json(const ChatPlan& plan) {
  json::array roles{"manager"};
  if (!plan.web_searches.empty()) roles.emplace_back("researcher");
  if (plan.search || plan.edit) roles.emplace_back("coder");
  if (plan.run_tests) roles.emplace_back("runner");
  return {{"roles", std::move(roles)},
          {"searches", json::value_from(plan.searches)},
          {"web_searches", json::value_from(plan.web_searches)},
          {"wants_edit", plan.edit},
          {"run_tests", plan.run_tests}};
}

json::object to_json(const ToolCallEvent& event) {
  const auto arguments = parse_json_object(event.call.arguments);
  json::object object{{"id", event.call.id}, {"name", event.call.name}, {"round", event.round}};
  if (arguments) object["arguments"] = *arguments;
  if (!arguments) object["arguments"] = event.call.arguments;
  return object;
}

json::object to_json(const ToolResultEvent& event) {
  return {{"id", event.id},
          {"name", event.name},
          {"ok", event.ok},
          {"summary", event.summary},
          {"bytes", event.output.size()},
          {"seconds", event.seconds},
          {"output", to_valid_utf8(event.output.substr(0, kShownOutput))}};
}

json::object to_json(const TokenEvent& event) {
  return {{"text", event.text}, {"round", event.round}};
}

json::object to_json(const OutputEvent& event) {
  const bool is_error = event.stream == OutputStream::standard_error;
  return {{"stream", is_error ? "stderr" : "stdout"}, {"text", event.text}};
}

template <class T>
json::array list(const std::vector<T>& items) {
  json::array array;
  for (const T& item : items) array.push_back(to_json(item));
  return array;
}

constexpr std::string_view name_of(const ChatPlan&) {
  return "plan";
}
constexpr std::string_view name_of(const ChatStep&) {
  return "step";
}
constexpr std::string_view name_of(const ToolCallEvent&) {
  return "tool_call";
}
constexpr std::string_view name_of(const ToolResultEvent&) {
  return "tool_result";
}
constexpr std::string_view name_of(const TokenEvent&) {
  return "token";
}
constexpr std::string_view name_of(const OutputEvent&) {
  return "output";
}
constexpr std::string_view name_of(const ChatSource&) {
  return "citation";
}
constexpr std::string_view name_of(const TokenUsage&) {
  return "usage";
}

/// What a kept turn says of them: their texts are not kept.
json::array describe_attachments(const std::vector<ChatAttachment>& attachments) {
  json::array array;
  for (const ChatAttachment& attachment : attachments) {
    array.push_back(json::object{{"name", attachment.name}, {"bytes", attachment.text.size()}});
  }
  return array;
}

void log_summary(const RequestContext& context, Metrics& metrics, const Result<ChatAnswer>& answer, double seconds) {
  const std::string outcome(answer ? std::string_view(answer->outcome) : to_string(answer.error().code));
  metrics.count("codehelper_chats_total", "Chats by outcome.", {{"outcome", outcome}});
  json::object fields{{"outcome", outcome}, {"duration_seconds", seconds}, {"steps", 0}};
  if (answer) {
    json::array steps;
    for (const ChatStep& step : answer->steps) {
      steps.push_back(json::object{{"role", step.role}, {"action", step.action}, {"seconds", step.seconds}});
    }
    fields["steps"] = steps.size();
    fields["step_seconds"] = std::move(steps);
    if (!answer->model.empty()) fields["model"] = answer->model;
    if (answer->usage) {
      fields["prompt_tokens"] = answer->usage->prompt;
      fields["completion_tokens"] = answer->usage->completion;
    }
  }
  context.log.info("crew_run_summary", std::move(fields));
}

}  // namespace

json::object to_json(const ChatAnswer& answer) {
  json::object object{{"response", answer.response},
                      {"sources", list(answer.sources)},
                      {"steps", list(answer.steps)},
                      {"conversation_id", answer.conversation_id},
                      {"outcome", answer.outcome},
                      {"model", nullptr},
                      {"usage", nullptr},
                      {"edits", list(answer.edits)},
                      {"receipts", list(answer.receipts)},
                      {"notes", json::value_from(answer.notes)}};
  if (!answer.model.empty()) object["model"] = answer.model;
  if (answer.usage) object["usage"] = to_json(*answer.usage);
  if (answer.index) object["index"] = index_to_json(answer.index, answer.changed_files);
  return object;
}

NamedEvent name_event(const CrewEvent& event) {
  return std::visit([](const auto& what) { return NamedEvent{name_of(what), to_json(what)}; }, event);
}

Task<Result<ChatAnswer>> answer_chat(ApiServices& services, RequestContext context, ChatRequest request,
                                     CrewSink on_event) {
  const auto begin = std::chrono::steady_clock::now();
  ConversationTurn turn;
  turn.question = request.message;
  const std::string project_path = request.project ? request.project->posted_path : "";
  json::array attachments = describe_attachments(request.attachments);
  const bool is_kept = services.conversations != nullptr && !request.history;
  auto answer = co_await services.crew->answer(context, std::move(request), std::move(on_event));
  if (answer && is_kept) {
    turn.answer = to_json(*answer);
    if (!attachments.empty()) turn.answer["attachments"] = std::move(attachments);
    turn.finished_at = utc_now();
    const auto kept = co_await services.conversations->append(context, answer->conversation_id, project_path, turn);
    if (!kept) answer->notes.push_back("This answer could not be kept: " + kept.error().message);
    if (!kept) context.log.warning("conversation_not_kept", {{"cause", kept.error().message}});
  }
  log_summary(context, services.metrics, answer, seconds_since(begin));
  co_return answer;
}

}  // namespace codehelper
