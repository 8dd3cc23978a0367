#include "codehelper/api/openapi.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

#include "codehelper/base/caller.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/base/version.hpp"
#include "openapi_schemas.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

struct Operation {
  std::string_view method;  // lower case
  std::string_view path;
  ScopeSet scopes;  // one of them is needed; empty = no token is
  std::string_view summary;
  std::string_view request;  // schema of the body; empty = there is none
  int status = 200;
  std::string_view answer;      // schema of the JSON answer; empty = there is none
  std::string_view other_type;  // a media type that it can be asked for too, of text; empty = none
  std::string_view query = {};  // names of its parameters, with blanks between
};

constexpr std::string_view kEvents = "text/event-stream";

constexpr auto kOperations = std::to_array<Operation>({
    {"get", "/health", {}, "Whether the process is alive", "", 200, "Health", "", ""},
    {"get", "/readyz", {}, "Whether what the API depends on can be reached", "", 200, "Readiness", "", ""},
    {"get", "/doctor", Scope::read, "How each part is, and what to do about one that is not well", "", 200, "Doctor",
     "", "thorough"},
    {"get", "/metrics", {}, "Figures for Prometheus", "", 200, "", "text/plain"},
    {"get", "/openapi.json", ScopeSet::all(), "This document", "", 200, "Document", "", ""},
    {"get", "/project", Scope::read, "The current project, or another, and its index", "", 200, "Project", "",
     "project_path"},
    {"post", "/project", Scope::admin, "Makes a project current, and starts its index job", "ProjectPost", 200,
     "Accepted", "", ""},
    {"delete", "/project/job", Scope::admin, "Cancels the current project's index job", "", 202, "Status", "", ""},
    {"get", "/project/skipped", Scope::read, "What the index leaves out, and by which rule", "", 200, "Skipped", "",
     "project_path limit offset"},
    {"get", "/files", Scope::read, "Lines of a file as they are now", "", 200, "FileLines", "",
     "project_path path start_line end_line"},
    {"get", "/directories", Scope::read, "Folders that a path may go on with", "", 200, "Directories", "", "prefix"},
    {"post", "/search", Scope::read, "Places in the code, best first", "SearchPost", 200, "Hits", "", "explain"},
    {"post", "/symbols", Scope::read, "Where a name is declared and used", "SymbolsPost", 200, "Symbols", "", ""},
    {"post", "/chat", Scope::chat, "Asks the crew", "ChatPost", 200, "ChatAnswer", kEvents, ""},
    {"get", "/chat/{run_id}/events", Scope::chat, "The events of an answer, again or from where a reader left", "", 200,
     "", kEvents, "last_event_id"},
    {"delete", "/chat/{run_id}", Scope::chat, "Stops an answer", "", 202, "Status", "", ""},
    {"get", "/conversations", Scope::read, "What was asked before, the latest first", "", 200, "Conversations", "",
     "project_path text limit offset"},
    {"get", "/conversations/{id}", Scope::read, "A conversation, also as Markdown", "", 200, "Conversation",
     "text/markdown", "format"},
    {"patch", "/conversations/{id}", Scope::chat, "Renames a conversation", "ConversationPatch", 200,
     "ConversationSummary", "", ""},
    {"delete", "/conversations/{id}", Scope::chat, "Forgets a conversation", "", 204, "", "", ""},
    {"post", "/run", Scope::run, "Runs the tests, also with a patch on a copy of the project", "RunPost", 200, "Run",
     kEvents, ""},
    {"get", "/v1/models", Scope::chat, "OpenAI's API: the crew in each project", "", 200, "Models", "", ""},
    {"get", "/v1/models/{id}", Scope::chat, "OpenAI's API: one of them", "", 200, "Model", "", ""},
    {"post", "/v1/chat/completions", Scope::chat, "OpenAI's API: asks the crew", "CompletionPost", 200, "Completion",
     kEvents, ""},
    {"post", "/mcp", ScopeSet::all(), "Model Context Protocol, Streamable HTTP", "McpMessage", 200, "McpMessage",
     kEvents, ""},
});

json::object refer_to(std::string_view schema) {
  // The document's own schema is somebody else's.
  if (schema == "Document") return {{"type", "object"}, {"required", json::array{"openapi", "paths"}}};
  return {{"$ref", fmt::format("#/components/schemas/{}", schema)}};
}

json::object make_content(std::string_view type, std::string_view schema) {
  return {{type, json::object{{"schema", refer_to(schema)}}}};
}

/// "{id}" of the path, and the names of the query.
json::array list_parameters(const Operation& operation) {
  json::array parameters;
  const auto add = [&](std::string_view name, std::string_view place) {
    parameters.push_back(json::object{
        {"name", name}, {"in", place}, {"required", place == "path"}, {"schema", json::object{{"type", "string"}}}});
  };
  std::string_view path = operation.path;
  for (std::size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{')) {
    const std::size_t close = path.find('}', open);
    add(path.substr(open + 1, close - open - 1), "path");
    path.remove_prefix(close + 1);
  }
  std::string_view query = operation.query;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find(' '), query.size());
    add(query.substr(0, end), "query");
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return parameters;
}

/// A server that asks for no token lets everybody in; else each scope is a way in of its own.
json::array list_ways_in(ScopeSet scopes) {
  json::array ways;
  if (!scopes.is_empty()) ways.push_back(json::object());
  for (const Scope scope : kScopes) {
    if (scopes.has(scope)) ways.push_back(json::object{{"token", json::array{to_string(scope)}}});
  }
  return ways;
}

json::object describe(const Operation& operation) {
  json::object answer{{"description", operation.summary}};
  json::object content;
  if (!operation.answer.empty()) content = make_content("application/json", operation.answer);
  if (!operation.other_type.empty()) {
    const json::object text{{"type", "string"}};
    content[operation.other_type] =
        json::object{{"schema", operation.other_type == kEvents ? refer_to("EventStream") : text}};
  }
  if (!content.empty()) answer["content"] = std::move(content);
  const std::string_view error = operation.path.starts_with("/v1/") ? "OpenaiError" : "Error";
  const std::string_view fault = operation.path == "/mcp" ? "McpMessage" : error;
  // What a call of a tool lacks is told as MCP tells its errors.
  const std::string_view forbidden = operation.path == "/mcp" ? "McpForbidden" : error;
  json::object responses{{std::to_string(operation.status), std::move(answer)}};
  if (operation.path == "/readyz") {
    responses["503"] =
        json::object{{"description", "One of them can't"}, {"content", make_content("application/json", "Readiness")}};
  }
  if (!operation.scopes.is_empty()) {
    responses["401"] = json::object{{"description", "No token, or one that the server doesn't know"},
                                    {"content", make_content("application/json", error)}};
    responses["403"] = json::object{{"description", "The token lacks the scope, or a page of another origin asks"},
                                    {"content", make_content("application/json", forbidden)}};
  }
  responses["default"] =
      json::object{{"description", "An error"}, {"content", make_content("application/json", fault)}};
  json::object object{{"summary", operation.summary}, {"responses", std::move(responses)}};
  json::array parameters = list_parameters(operation);
  if (!parameters.empty()) object["parameters"] = std::move(parameters);
  if (!operation.request.empty()) {
    object["requestBody"] =
        json::object{{"required", true}, {"content", make_content("application/json", operation.request)}};
  }
  object["security"] = list_ways_in(operation.scopes);
  return object;
}

Task<Result<HttpReply>> answer_document() {
  co_return make_json_reply(to_json_text(make_openapi_document()));
}

}  // namespace

json::object make_openapi_document() {
  json::object paths;
  for (const Operation& operation : kOperations) {
    if (!paths.contains(operation.path)) paths[operation.path] = json::object();
    paths[operation.path].as_object()[operation.method] = describe(operation);
  }
  json::object token{
      {"type", "http"},
      {"scheme", "bearer"},
      {"description", "a token has some of the scopes read, chat, run and admin; none includes another"}};
  return {{"openapi", "3.1.0"},
          {"info", json::object{{"title", "codehelper"}, {"version", version()}}},
          {"paths", std::move(paths)},
          {"components", json::object{{"schemas", json::parse(openapi_schemas())},
                                      {"securitySchemes", json::object{{"token", std::move(token)}}}}}};
}

void add_openapi_routes(Router& router) {
  Route route;
  route.method = "GET";
  route.path = "/openapi.json";
  route.scopes = ScopeSet::all();
  route.handler = [](RequestContext, HttpRequest) { return answer_document(); };
  router.add(std::move(route));
}

}  // namespace codehelper
