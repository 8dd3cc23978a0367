#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <charconv>

#include "codehelper/api/chat.hpp"
#include "codehelper/api/json_route.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::minutes kChatBudget{5};

constexpr std::size_t kMostAttachments = 32;  // their names all stand in the prompt

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
  if (list->as_array().size() > kMostAttachments) {
    return fail(ErrorCode::invalid_field,
                fmt::format("field \"attachments\" must not have more than {} entries", kMostAttachments));
  }
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
  auto message = required_text(body, "message");
  if (!message) co_return std::unexpected(message.error());
  const auto project_path = optional_string(body, "project_path");
  if (!project_path) co_return std::unexpected(project_path.error());
  const auto pinned_repo = optional_string(body, "pinned_repo");
  if (!pinned_repo) co_return std::unexpected(pinned_repo.error());
  auto attachments = parse_attachments(body);
  if (!attachments) co_return std::unexpected(attachments.error());
  auto conversation = optional_string(body, "conversation_id");
  if (!conversation) co_return std::unexpected(conversation.error());
  if (*conversation && !(*conversation)->empty() && !is_valid_conversation_id(**conversation)) {
    co_return fail(ErrorCode::invalid_field,
                   "field \"conversation_id\" must be 1 to 128 letters, digits, dots, dashes and underscores");
  }
  auto project = co_await projects.resolve(context, *project_path);
  if (!project && project.error().code != ErrorCode::not_found) co_return std::unexpected(project.error());

  chat.message = std::move(*message);
  chat.attachments = std::move(*attachments);
  chat.conversation_id = conversation->value_or("");
  if (project) chat.project = std::move(*project);
  chat.pinned_repo = pinned_repo->value_or(projects.pinned_repo(chat.project));
  co_return chat;
}

Result<OnDisconnect> parse_on_disconnect(const json::object& body) {
  const auto given = optional_string(body, "on_disconnect");
  if (!given) return std::unexpected(given.error());
  if (!*given || **given == "cancel") return OnDisconnect::cancel;
  if (**given == "continue") return OnDisconnect::go_on;
  return fail(ErrorCode::invalid_field, R"(field "on_disconnect" must be "cancel" or "continue")");
}

Task<Result<json::object>> work(ApiServices& services, RequestContext context, ChatRequest chat, ChatRun& run) {
  CrewSink on_event = [&run](const CrewEvent& event) {
    const NamedEvent named = name_event(event);
    run.push(named.name, named.data);
  };
  const auto answer = co_await answer_chat(services, std::move(context), std::move(chat), std::move(on_event));
  if (!answer) co_return std::unexpected(answer.error());
  json::object object = to_json(*answer);
  object["run_id"] = run.id();
  co_return object;
}

Task<Result<HttpReply>> post_chat(ApiServices& services, RequestContext context, HttpRequest request,
                                  json::object body) {
  const auto on_disconnect = parse_on_disconnect(body);
  if (!on_disconnect) co_return std::unexpected(on_disconnect.error());
  auto chat = co_await parse_chat(context, *services.projects, std::move(body));
  if (!chat) co_return std::unexpected(chat.error());
  if (chat->conversation_id.empty()) chat->conversation_id = make_request_id();
  json::object started{{"conversation_id", chat->conversation_id}};
  ChatRun::Work make = [&services, asked = std::move(*chat)](RequestContext inner, ChatRun& run) {
    return work(services, std::move(inner), asked, run);
  };
  auto run = services.chat_runs->start(context, *on_disconnect, std::move(started), std::move(make));
  if (request.accepts("text/event-stream")) co_return ChatRuns::follow(std::move(run), 0);
  const auto answer = co_await ChatRuns::await_answer(std::move(run));
  if (!answer) co_return std::unexpected(answer.error());
  co_return make_json_reply(to_json_text(*answer));
}

Result<std::size_t> parse_last_event_id(const HttpRequest& request) {
  const auto header = request.headers.find("Last-Event-ID");
  const auto query = request.query.find("last_event_id");
  const std::string text(header ? *header : query == request.query.end() ? "0" : std::string_view(query->second));
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return fail(ErrorCode::invalid_input, "Last-Event-ID must be the number of an event of this run");
}

Result<std::shared_ptr<ChatRun>> find_run(ApiServices& services, const HttpRequest& request) {
  auto run = services.chat_runs->find(request.parameters.at("run_id"));
  if (run) return run;
  return fail(ErrorCode::not_found, "there is no such run, or it ended more than ten minutes ago");
}

Task<Result<HttpReply>> get_events(ApiServices& services, RequestContext, HttpRequest request) {
  const auto after = parse_last_event_id(request);
  if (!after) co_return std::unexpected(after.error());
  auto run = find_run(services, request);
  if (!run) co_return std::unexpected(run.error());
  co_return ChatRuns::follow(std::move(*run), *after);
}

Task<Result<HttpReply>> delete_run(ApiServices& services, RequestContext, HttpRequest request) {
  const auto run = find_run(services, request);
  if (!run) co_return std::unexpected(run.error());
  if ((*run)->has_ended()) co_return make_json_reply(R"({"status":"ended"})", 202);
  ChatRuns::stop(**run);
  co_return make_json_reply(R"({"status":"stopping"})", 202);
}

}  // namespace

void add_chat_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "POST";
  route.path = "/chat";
  route.scopes = Scope::chat;
  route.time_budget = kChatBudget;
  route.body_limit_bytes = 4 * 1024 * 1024;
  route.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_chat(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(route));

  Route events;
  events.method = "GET";
  events.path = "/chat/{run_id}/events";
  events.scopes = Scope::chat;
  events.time_budget = kChatBudget;
  events.handler = [&services](RequestContext context, HttpRequest request) {
    return get_events(services, std::move(context), std::move(request));
  };
  router.add(std::move(events));

  Route stop;
  stop.method = "DELETE";
  stop.path = "/chat/{run_id}";
  stop.scopes = Scope::chat;
  stop.handler = [&services](RequestContext context, HttpRequest request) {
    return delete_run(services, std::move(context), std::move(request));
  };
  router.add(std::move(stop));
}

}  // namespace codehelper
