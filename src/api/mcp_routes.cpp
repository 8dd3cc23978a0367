// POST /mcp: Streamable HTTP in both eras. Each call is a run of its own: in the legacy era a connection that breaks
// doesn't end it, in the modern one that is how a client cancels it.
#include <memory>

#include "codehelper/api/json_route.hpp"
#include "codehelper/api/mcp.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/net/access.hpp"
#include "codehelper/net/sse.hpp"
#include "mcp_calls.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kReplyTime{5};
struct McpDoor {
  McpServices services;
  McpProtocol protocol;
  McpSessionCalls calls;
};
using SharedDoor = std::shared_ptr<McpDoor>;

std::optional<std::string> copy_header(const HttpRequest& request, std::string_view name) {
  const auto value = request.headers.find(name);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

HttpReply make_reply(const McpReply& step) {
  HttpReply reply;
  reply.status = step.http_status;
  if (step.message) reply = make_json_reply(to_json_text(*step.message), step.http_status);
  if (step.begins_session) reply.headers.set("Mcp-Session-Id", make_mcp_session_id(make_request_id()));
  return reply;
}

Task<Result<HttpReply>> answer_call(SharedDoor door, RequestContext context, HttpRequest request, McpCall call,
                                    const McpHeaders& headers) {
  const OnDisconnect left = call.era == McpEra::modern ? OnDisconnect::cancel : OnDisconnect::go_on;
  RequestContext limited = context;
  limited.deadline = Deadline::at(context.deadline.when() - kReplyTime);
  auto run = start_mcp_call(door->services.runs, door->services.tools, std::move(limited), call, left);
  if (call.era == McpEra::legacy && headers.session) door->calls.add(*headers.session, call.id, *run);
  if (!call.progress_token.is_null() && request.accepts("text/event-stream")) {
    co_return ChatRuns::follow(std::move(run), 0, [call](std::size_t, const RunEvent& event) {
      std::string message = make_mcp_message(call, event);
      return message.empty() ? message : format_sse({.event = "message", .data = std::move(message), .id = ""});
    });
  }
  const auto answer = co_await ChatRuns::await_answer(std::move(run));
  if (answer) co_return make_json_reply(to_json_text(*answer));
  if (answer.error().code == ErrorCode::cancelled) co_return make_reply({202, std::nullopt});
  co_return make_json_reply(to_json_text(McpProtocol::answer_failure(call)));
}

bool can_be_answered(const HttpRequest& request) {
  if (!request.headers.find("Accept")) return true;
  for (const char* type : {"application/json", "text/event-stream", "application/*", "*/*"}) {
    if (request.accepts(type)) return true;
  }
  return false;
}

Task<Result<HttpReply>> post_message(SharedDoor door, RequestContext context, HttpRequest request) {
  const auto type = request.headers.find("Content-Type");
  if (type && !is_json_type(*type)) {
    co_return make_error_reply(415, "unsupported_media_type", "send the message as application/json",
                               context.request_id);
  }
  if (!can_be_answered(request)) {
    co_return make_error_reply(406, "not_acceptable", "accept application/json and text/event-stream",
                               context.request_id);
  }
  McpHeaders headers;
  headers.protocol_version = copy_header(request, "MCP-Protocol-Version");
  headers.method = copy_header(request, "Mcp-Method");
  headers.name = copy_header(request, "Mcp-Name");
  headers.session = copy_header(request, "Mcp-Session-Id");
  McpStep step = door->protocol.take(request.body, &headers, context.caller.scopes);
  if (const auto* reply = std::get_if<McpReply>(&step)) co_return make_reply(*reply);
  if (const auto* cancel = std::get_if<McpCancel>(&step)) {
    if (headers.session) door->calls.cancel(*headers.session, cancel->request_id);
    co_return make_reply({202, std::nullopt});
  }
  auto call = std::get<McpCall>(std::move(step));
  const Scope needed = door->protocol.scope_of(call);
  const auto allowed = require_scope(context.caller, needed);
  if (!allowed) {
    HttpReply reply = make_reply(McpProtocol::forbid(call, allowed.error().message));
    reply.headers.set("WWW-Authenticate", missing_scope_challenge(needed));
    co_return reply;
  }
  co_return co_await answer_call(door, context, std::move(request), std::move(call), headers);
}

}  // namespace

void add_mcp_routes(Router& router, McpServices services) {
  McpProtocol protocol(services.tools.instructions(), services.tools.list());
  const auto door = std::make_shared<McpDoor>(services, std::move(protocol), McpSessionCalls(services.runs));
  Route route;
  route.method = "POST";
  route.path = "/mcp";
  route.scopes = ScopeSet::all();
  route.time_budget = services.time_budget + kReplyTime;
  route.body_limit_bytes = 1024 * 1024;
  route.handler = [door](RequestContext context, HttpRequest request) {
    return post_message(door, std::move(context), std::move(request));
  };
  router.add(std::move(route));
}

}  // namespace codehelper
