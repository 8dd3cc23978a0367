#include "mcp_protocol.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/base/version.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::string_view kServerInfoKey = "io.modelcontextprotocol/serverInfo";
constexpr std::int64_t kListLifetimeMs = 3'600'000;

json::object server_info() {
  return {{"name", "codehelper"}, {"title", "codehelper"}, {"version", version()}};
}

json::object make_envelope(const json::value& id) {
  return {{"jsonrpc", "2.0"}, {"id", id}};
}

json::object describe_tool(const McpTool& tool) {
  return {{"name", tool.name},
          {"title", tool.title},
          {"description", tool.description},
          {"inputSchema", tool.input_schema},
          {"outputSchema", tool.output_schema},
          {"annotations", tool.annotations}};
}

void finish_result(json::object& result, McpEra era) {
  if (era == McpEra::legacy) return;
  result["resultType"] = "complete";
  result["_meta"] = json::object{{kServerInfoKey, server_info()}};
}

void let_cache(json::object& result, std::string_view scope) {
  result["ttlMs"] = kListLifetimeMs;
  result["cacheScope"] = scope;
}

}  // namespace

McpProtocol::McpProtocol(std::string instructions, std::vector<McpTool> tools)
    : instructions_(std::move(instructions)), tools_(std::move(tools)) {}

McpReply McpProtocol::refuse(const McpMessage& message, const McpFault& fault) {
  json::object error{{"code", fault.code}, {"message", fault.message}};
  if (!fault.data.is_null()) error["data"] = fault.data;
  json::object answer = make_envelope(message.id);
  answer["error"] = std::move(error);
  return {fault.http_status, std::move(answer)};
}

McpReply McpProtocol::reply(const McpMessage& message, McpEra era, json::object result) {
  finish_result(result, era);
  json::object answer = make_envelope(message.id);
  answer["result"] = std::move(result);
  return {200, std::move(answer)};
}

McpStep McpProtocol::take(std::string_view text, const McpHeaders* headers, ScopeSet scopes) const {
  auto parsed = parse_mcp_message(text);
  if (!parsed) {
    McpMessage unread;
    unread.id = parsed.error().id;
    return refuse(unread, parsed.error());
  }
  const McpMessage& message = *parsed;
  if (message.is_answer) return McpReply{202, std::nullopt};
  const bool is_notification = message.id.is_null();
  const McpEra era = find_mcp_era(message, headers);
  // The modern era has no notifications of its own to rule over.
  const bool is_checked = !is_notification || era == McpEra::legacy;
  const auto fault = is_checked ? check_mcp_request(message, era, headers) : std::nullopt;
  if (fault) return refuse(message, *fault);
  if (is_notification) return take_notification(message);
  return take_request(message, era, scopes);
}

McpStep McpProtocol::take_notification(const McpMessage& message) {
  const json::value* request_id = message.params.if_contains("requestId");
  if (message.method == "notifications/cancelled" && request_id != nullptr && is_mcp_id(*request_id)) {
    return McpCancel{*request_id};
  }
  return McpReply{202, std::nullopt};
}

McpStep McpProtocol::take_request(const McpMessage& message, McpEra era, ScopeSet scopes) const {
  const bool is_legacy = era == McpEra::legacy;
  if (message.method == "tools/call") return begin_call(message, era);
  if (message.method == "tools/list") {
    if (message.params.contains("cursor")) {
      return refuse(message, {is_legacy ? 200 : 400, kMcpInvalidParams, "there is one page only: no cursor was given"});
    }
    json::object result = list_tools(scopes);
    if (!is_legacy) let_cache(result, scopes == ScopeSet::all() ? "public" : "private");
    return reply(message, era, std::move(result));
  }
  if (is_legacy && message.method == "ping") return reply(message, era, {});
  if (is_legacy && message.method == "initialize") {
    McpReply answer = reply(message, era, describe_server(message));
    answer.begins_session = true;
    return answer;
  }
  if (!is_legacy && message.method == "server/discover") {
    json::array versions{kModernMcpVersion};
    for (const std::string_view version : kLegacyMcpVersions) versions.emplace_back(version);
    json::object result{{"supportedVersions", std::move(versions)},
                        {"capabilities", json::object{{"tools", json::object()}}},
                        {"instructions", instructions_}};
    let_cache(result, "public");
    return reply(message, era, std::move(result));
  }
  return refuse(message, {is_legacy ? 200 : 404, kMcpMethodNotFound, "Method not found: " + message.method});
}

McpStep McpProtocol::begin_call(const McpMessage& message, McpEra era) const {
  const int refused = era == McpEra::legacy ? 200 : 400;
  const std::string name = text_in(message.params, "name");
  if (name.empty()) return refuse(message, {refused, kMcpInvalidParams, "params.name must be a tool's name"});
  if (std::ranges::find(tools_, name, &McpTool::name) == tools_.end()) {
    return refuse(message, {200, kMcpInvalidParams, "Unknown tool: " + name});
  }
  McpCall call{message.id, era, name, {}, nullptr};
  const json::value* arguments = message.params.if_contains("arguments");
  if (arguments != nullptr && !arguments->is_object() && !arguments->is_null()) {
    return refuse(message, {refused, kMcpInvalidParams, "params.arguments must be an object"});
  }
  if (arguments != nullptr && arguments->is_object()) call.arguments = arguments->as_object();
  const json::value* token = message.meta.if_contains("progressToken");
  if (token != nullptr && is_mcp_id(*token)) call.progress_token = *token;
  return call;
}

json::object McpProtocol::describe_server(const McpMessage& message) const {
  const std::string asked = text_in(message.params, "protocolVersion");
  return {{"protocolVersion", is_legacy_mcp_version(asked) ? std::string_view(asked) : kLegacyMcpVersions.front()},
          {"capabilities", json::object{{"tools", json::object()}}},
          {"serverInfo", server_info()},
          {"instructions", instructions_}};
}

json::object McpProtocol::list_tools(ScopeSet scopes) const {
  json::array tools;
  for (const McpTool& tool : tools_) {
    if (scopes.has(tool.scope)) tools.push_back(describe_tool(tool));
  }
  return {{"tools", std::move(tools)}};
}

Scope McpProtocol::scope_of(const McpCall& call) const {
  return std::ranges::find(tools_, call.tool, &McpTool::name)->scope;
}

McpReply McpProtocol::forbid(const McpCall& call, std::string_view reason) {
  constexpr int kForbidden = 403;
  json::object answer = make_envelope(call.id);
  answer["error"] = json::object{{"code", kMcpForbidden}, {"message", reason}};
  return {kForbidden, std::move(answer)};
}

json::object McpProtocol::answer(const McpCall& call, McpToolResult result) {
  json::object object{{"content", std::move(result.content)}, {"isError", result.is_error}};
  if (result.structured) object["structuredContent"] = std::move(*result.structured);
  finish_result(object, call.era);
  json::object answer = make_envelope(call.id);
  answer["result"] = std::move(object);
  return answer;
}

json::object McpProtocol::answer_failure(const McpCall& call) {
  json::object answer = make_envelope(call.id);
  answer["error"] = json::object{{"code", kMcpInternalError}, {"message", "An internal error occurred."}};
  return answer;
}

json::object McpProtocol::progress(const McpCall& call, std::uint64_t number, std::string_view message) {
  json::object params{{"progressToken", call.progress_token}, {"progress", number}};
  if (!message.empty()) params["message"] = message;
  return {{"jsonrpc", "2.0"}, {"method", "notifications/progress"}, {"params", std::move(params)}};
}

McpToolResult make_mcp_result(json::object structured) {
  McpToolResult result;
  result.content.push_back(json::object{{"type", "text"}, {"text", to_json_text(structured)}});
  result.structured = std::move(structured);
  return result;
}

McpToolResult make_mcp_failure(std::string_view reason) {
  McpToolResult result;
  result.content.push_back(json::object{{"type", "text"}, {"text", reason}});
  result.is_error = true;
  return result;
}

}  // namespace codehelper
