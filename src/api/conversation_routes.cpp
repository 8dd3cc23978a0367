#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/base/text.hpp"
#include "query_fields.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostListed = 500;

json::object to_json(const ConversationSummary& summary) {
  return {{"id", summary.id},
          {"title", summary.title},
          {"project_path", summary.project_path.empty() ? json::value() : json::value(summary.project_path)},
          {"updated_at", summary.updated_at},
          {"turns", summary.turns}};
}

json::object to_json(const Conversation& conversation) {
  json::object object = to_json(conversation.summary);
  json::array turns;
  for (const ConversationTurn& turn : conversation.turns) {
    turns.push_back(
        json::object{{"question", turn.question}, {"answer", turn.answer}, {"finished_at", turn.finished_at}});
  }
  object["turns"] = std::move(turns);
  return object;
}

std::string sources_to_markdown(const json::object& answer) {
  const json::value* sources = answer.if_contains("sources");
  if (sources == nullptr || !sources->is_array() || sources->as_array().empty()) return {};
  std::string text = "\nSources:\n\n";
  for (const json::value& item : sources->as_array()) {
    if (!item.is_object()) continue;
    const json::object& source = item.as_object();
    const json::value* verified = source.if_contains("verified");
    const bool is_verified = verified != nullptr && verified->is_bool() && verified->as_bool();
    text += fmt::format("- `{}:{}-{}`{}\n", text_in(source, "path"), count_in(source, "start_line"),
                        count_in(source, "end_line"), is_verified ? "" : " [unverified]");
  }
  return text;
}

std::string to_markdown(const Conversation& conversation) {
  const ConversationSummary& summary = conversation.summary;
  std::string text = fmt::format("# {}\n\n", summary.title);
  if (!summary.project_path.empty()) text += fmt::format("Project: `{}`\n\n", summary.project_path);
  for (const ConversationTurn& turn : conversation.turns) {
    text += fmt::format("## Question ({})\n\n{}\n\n## Answer\n\n{}\n", turn.finished_at, turn.question,
                        text_in(turn.answer, "response"));
    text += sources_to_markdown(turn.answer) + '\n';
  }
  return text;
}

HttpReply make_store_error(const Error& error, std::string_view request_id) {
  if (error.code == ErrorCode::unavailable) {
    return make_error_reply(503, "conversations_unavailable", error.message, request_id);
  }
  return make_error_reply(error, request_id);
}

Task<Result<HttpReply>> list_conversations(ApiServices& services, RequestContext context, HttpRequest request) {
  ConversationQuery query;
  const auto limit = query_integer(request, "limit", 1, kMostListed);
  if (!limit) co_return std::unexpected(limit.error());
  const auto offset = query_integer(request, "offset", 0, 1'000'000'000);
  if (!offset) co_return std::unexpected(offset.error());
  if (*limit) query.limit = static_cast<std::size_t>(**limit);
  if (*offset) query.offset = static_cast<std::size_t>(**offset);
  query.project_path = query_text(request, "project_path");
  query.text = query_text(request, "text").value_or("");
  const auto found = co_await services.conversations->list(context, std::move(query));
  if (!found) co_return make_store_error(found.error(), context.request_id);
  json::array list;
  for (const ConversationSummary& summary : *found) list.push_back(to_json(summary));
  co_return make_json_reply(json::serialize(json::object{{"conversations", std::move(list)}}));
}

bool wants_markdown(const HttpRequest& request) {
  const auto format = request.query.find("format");
  if (format != request.query.end()) return format->second == "markdown";
  return request.accepts("text/markdown");
}

Task<Result<HttpReply>> get_conversation(ApiServices& services, RequestContext context, HttpRequest request) {
  const auto found = co_await services.conversations->load(context, request.parameters.at("id"));
  if (!found) co_return make_store_error(found.error(), context.request_id);
  if (!wants_markdown(request)) co_return make_json_reply(to_json_text(to_json(*found)));
  HttpReply reply;
  reply.headers.set("Content-Type", "text/markdown; charset=utf-8");
  // The store takes no id with other characters than a file name may have.
  reply.headers.set("Content-Disposition", fmt::format("inline; filename=\"{}.md\"", found->summary.id));
  reply.body = to_markdown(*found);
  co_return reply;
}

Task<Result<HttpReply>> rename_conversation(ApiServices& services, RequestContext context, HttpRequest request,
                                            json::object body) {
  auto title = required_string(body, "title");
  if (!title) co_return std::unexpected(title.error());
  if (is_blank(*title) || title->find_first_of("\r\n") != std::string::npos) {
    co_return fail(ErrorCode::invalid_field, "field \"title\" must be one line that is not blank");
  }
  const std::string id = request.parameters.at("id");
  const auto renamed = co_await services.conversations->rename(context, id, std::move(*title));
  if (!renamed) co_return make_store_error(renamed.error(), context.request_id);
  const auto now = co_await services.conversations->load(context, id);
  if (!now) co_return make_store_error(now.error(), context.request_id);
  co_return make_json_reply(json::serialize(to_json(now->summary)));
}

Task<Result<HttpReply>> remove_conversation(ApiServices& services, RequestContext context, HttpRequest request) {
  const auto removed = co_await services.conversations->remove(context, request.parameters.at("id"));
  if (!removed) co_return make_store_error(removed.error(), context.request_id);
  HttpReply reply;
  reply.status = 204;
  co_return reply;
}

using Handler = Task<Result<HttpReply>> (*)(ApiServices&, RequestContext, HttpRequest);

void add(Router& router, ApiServices& services, Route route, Handler handler) {
  route.handler = [&services, handler](RequestContext context, HttpRequest request) {
    return handler(services, std::move(context), std::move(request));
  };
  router.add(std::move(route));
}

}  // namespace

void add_conversation_routes(Router& router, ApiServices& services) {
  add(router, services, {.method = "GET", .path = "/conversations", .scopes = Scope::read}, list_conversations);
  add(router, services, {.method = "GET", .path = "/conversations/{id}", .scopes = Scope::read}, get_conversation);
  add(router, services, {.method = "DELETE", .path = "/conversations/{id}", .scopes = Scope::chat},
      remove_conversation);
  Route rename;
  rename.method = "PATCH";
  rename.path = "/conversations/{id}";
  rename.scopes = Scope::chat;
  rename.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return rename_conversation(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(rename));
}

}  // namespace codehelper
