#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

#include "codehelper/api/event_stream.hpp"
#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/api/wire.hpp"
#include "codehelper/base/json_fields.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::minutes kChatBudget{5};

json::object to_json(const ChatStep& step) {
  return {{"role", step.role}, {"action", step.action}, {"outcome", step.outcome}};
}

json::object to_json(const ChatAnswer& answer) {
  json::array sources;
  for (const ChatSource& source : answer.sources) {
    sources.push_back(json::object{{"path", source.path},
                                   {"start_line", source.start_line},
                                   {"end_line", source.end_line},
                                   {"score", source.score},
                                   {"verified", source.verified}});
  }
  json::array steps;
  for (const ChatStep& step : answer.steps) steps.push_back(to_json(step));
  json::object object{{"response", answer.response},
                      {"sources", std::move(sources)},
                      {"steps", std::move(steps)},
                      {"conversation_id", answer.conversation_id}};
  if (answer.index) object["index"] = index_to_json(answer.index, answer.changed_files);
  return object;
}

// Each attachment is {"name":text,"text":text}, or a text alone.
Result<std::vector<ChatAttachment>> parse_attachments(const json::object& body) {
  std::vector<ChatAttachment> attachments;
  const json::value* list = body.if_contains("attachments");
  if (list == nullptr || list->is_null()) return attachments;
  const auto wrong = [] {
    return fail(ErrorCode::invalid_field,
                R"(field "attachments" must be a list of texts or of objects with "name" and "text")");
  };
  if (!list->is_array()) return wrong();
  for (const json::value& item : list->as_array()) {
    if (item.is_string()) {
      attachments.push_back({"", std::string(item.as_string())});
      continue;
    }
    if (!item.is_object()) return wrong();
    auto name = optional_string(item.as_object(), "name");
    auto text = required_string(item.as_object(), "text");
    if (!name || !text) return wrong();
    attachments.push_back({name->value_or(""), std::move(*text)});
  }
  return attachments;
}

Task<Result<ChatRequest>> parse_chat(RequestContext context, Projects& projects, json::object body) {
  ChatRequest chat;
  auto message = required_string(body, "message");
  if (!message) co_return std::unexpected(message.error());
  if (std::ranges::all_of(*message, [](unsigned char c) { return c <= ' '; })) {
    co_return fail(ErrorCode::invalid_field, "field \"message\" must not be blank");
  }
  const auto project_path = optional_string(body, "project_path");
  if (!project_path) co_return std::unexpected(project_path.error());
  const auto pinned_repo = optional_string(body, "pinned_repo");
  if (!pinned_repo) co_return std::unexpected(pinned_repo.error());
  auto attachments = parse_attachments(body);
  if (!attachments) co_return std::unexpected(attachments.error());
  auto conversation = optional_string(body, "conversation_id");
  if (!conversation) co_return std::unexpected(conversation.error());
  auto project = co_await projects.resolve(std::move(context), *project_path);
  if (!project && project.error().code != ErrorCode::not_found) co_return std::unexpected(project.error());

  chat.message = std::move(*message);
  chat.attachments = std::move(*attachments);
  chat.conversation_id = conversation->value_or("");
  if (project) chat.project = std::move(*project);
  co_return chat;
}

Task<void> push_step(EventQueue& queue, ChatStep step) {
  queue.push("step", to_json(step));
  co_return;
}

// One answer with its log line and figures.
Task<Result<json::object>> answer_chat(ApiServices& services, ChatRequest chat, RequestContext context,
                                       EventQueue* queue) {
  StepSink on_step;
  if (queue != nullptr) on_step = [queue](ChatStep step) { return push_step(*queue, std::move(step)); };
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = co_await services.crew->answer(context, std::move(chat), std::move(on_step));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const std::string outcome(answer ? std::string_view(answer->outcome) : to_string(answer.error().code));
  const std::size_t steps = answer ? answer->steps.size() : 0;
  context.log.info("crew_run_summary", {{"outcome", outcome}, {"duration_seconds", seconds}, {"steps", steps}});
  services.metrics.count("codehelper_chats_total", "Chats by outcome.", {{"outcome", outcome}});
  if (!answer) co_return std::unexpected(answer.error());
  co_return to_json(*answer);
}

Task<Result<HttpReply>> post_chat(ApiServices& services, RequestContext context, HttpRequest request,
                                  json::object body) {
  auto chat = co_await parse_chat(context, *services.projects, std::move(body));
  if (!chat) co_return std::unexpected(chat.error());
  ToldAnswer told;
  told.last_event = "done";
  told.make = [&services, asked = std::move(*chat)](RequestContext inner, EventQueue* queue) {
    return answer_chat(services, asked, std::move(inner), queue);
  };
  told.make_error = [](const Error& error, std::string_view request_id) { return make_error_reply(error, request_id); };
  co_return co_await tell_answer(services.loop, std::move(context), std::move(request), std::move(told));
}

}  // namespace

void add_chat_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "POST";
  route.path = "/chat";
  route.time_budget = kChatBudget;
  route.body_limit_bytes = 4 * 1024 * 1024;
  route.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_chat(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(route));
}

}  // namespace codehelper
