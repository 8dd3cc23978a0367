#include "mcp_protocol.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

#include "codehelper/base/base64.hpp"
#include "codehelper/base/hash.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::string_view kModernVersion = "2026-07-28";
// Newest first.
constexpr auto kLegacyVersions =
    std::to_array<std::string_view>({"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"});
constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view kServerInfoKey = "io.modelcontextprotocol/serverInfo";
constexpr std::int64_t kListLifetimeMs = 3'600'000;

// Of JSON-RPC 2.0.
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;
// Of MCP 2026-07-28.
constexpr int kHeaderMismatch = -32020;
constexpr int kUnsupportedVersion = -32022;

bool is_legacy_version(std::string_view version) {
  return std::ranges::find(kLegacyVersions, version) != kLegacyVersions.end();
}

json::object server_info() {
  return {{"name", "codehelper"}, {"title", "codehelper"}, {"version", CODEHELPER_VERSION}};
}

json::object make_envelope(const json::value& id) {
  return {{"jsonrpc", "2.0"}, {"id", id}};
}

/// Null when there is none, or it is no object.
const json::object* object_in(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value == nullptr ? nullptr : value->if_object();
}

/// Of a request's id: texts and whole numbers.
bool is_id(const json::value& id) {
  return id.is_string() || id.is_int64() || id.is_uint64();
}

/// A header's value as it is meant: "=?base64?…?=" stands for the text that was encoded.
std::optional<std::string> decode_header(std::string_view value) {
  constexpr std::string_view kBegin = "=?base64?";
  constexpr std::string_view kEnd = "?=";
  const bool is_encoded =
      value.size() >= kBegin.size() + kEnd.size() && value.starts_with(kBegin) && value.ends_with(kEnd);
  if (!is_encoded) return std::string(value);
  return decode_base64(value.substr(kBegin.size(), value.size() - kBegin.size() - kEnd.size()));
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

void let_cache(json::object& result) {
  result["ttlMs"] = kListLifetimeMs;
  result["cacheScope"] = "public";
}

}  // namespace

struct McpProtocol::Message {
  json::value id;  // null: a notification, or a message without one
  std::string method;
  json::object params;
  json::object meta;  // of the params
  bool has_params_meta = false;
  bool is_answer = false;  // to a request, of which we make none
};

struct McpProtocol::Fault {
  int http_status = 400;
  int code = kInvalidRequest;
  std::string message;
  json::value data = nullptr;
  json::value id = nullptr;  // of a message that could not be read
};

McpProtocol::McpProtocol(std::string instructions, std::vector<McpTool> tools)
    : instructions_(std::move(instructions)), tools_(std::move(tools)) {}

std::expected<McpProtocol::Message, McpProtocol::Fault> McpProtocol::parse(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error) return std::unexpected(Fault{400, kParseError, "Parse error: " + error.message()});
  if (value.is_array()) return std::unexpected(Fault{400, kInvalidRequest, "Batches are not taken: send one message"});
  if (!value.is_object()) return std::unexpected(Fault{400, kInvalidRequest, "A message is a JSON object"});
  const json::object& object = value.as_object();
  Message message;
  const json::value* id = object.if_contains("id");
  if (id != nullptr && is_id(*id)) message.id = *id;
  const auto invalid = [&](std::string why) {
    return std::unexpected(Fault{400, kInvalidRequest, std::move(why), nullptr, message.id});
  };
  if (text_in(object, "jsonrpc") != "2.0") return invalid("\"jsonrpc\" must be \"2.0\"");
  if (id != nullptr && message.id.is_null()) return invalid("\"id\" must be a text or a whole number");
  message.is_answer = !object.contains("method") && (object.contains("result") || object.contains("error"));
  if (message.is_answer) return message;
  message.method = text_in(object, "method");
  if (message.method.empty()) return invalid("\"method\" must be a text");
  const json::value* params = object.if_contains("params");
  if (params == nullptr || params->is_null()) return message;
  if (!params->is_object()) {
    return std::unexpected(Fault{400, kInvalidParams, "\"params\" must be an object", nullptr, message.id});
  }
  message.params = params->as_object();
  const json::object* meta = object_in(message.params, "_meta");
  message.has_params_meta = meta != nullptr;
  if (meta != nullptr) message.meta = *meta;
  return message;
}

McpEra McpProtocol::find_era(const Message& message, const McpHeaders* headers) {
  const std::string version = text_in(message.meta, kVersionKey);
  const bool is_modern = message.method == "server/discover" || (!version.empty() && !is_legacy_version(version)) ||
                         (headers != nullptr && headers->protocol_version == kModernVersion);
  return is_modern ? McpEra::modern : McpEra::legacy;
}

std::optional<McpProtocol::Fault> McpProtocol::check_modern(const Message& message, const McpHeaders* headers) {
  if (headers != nullptr && !headers->protocol_version) {
    return Fault{400, kHeaderMismatch, "the header MCP-Protocol-Version is missing"};
  }
  const std::string version = text_in(message.meta, kVersionKey);
  if (version.empty()) return Fault{400, kInvalidParams, fmt::format("params._meta must have \"{}\"", kVersionKey)};
  if (object_in(message.meta, kCapabilitiesKey) == nullptr) {
    return Fault{400, kInvalidParams, fmt::format("params._meta must have \"{}\"", kCapabilitiesKey)};
  }
  if (headers != nullptr) {
    if (*headers->protocol_version != version) {
      return Fault{400, kHeaderMismatch, "MCP-Protocol-Version is another than the one in params._meta"};
    }
    if (headers->method != message.method) {
      return Fault{400, kHeaderMismatch, "the header Mcp-Method must be the message's method"};
    }
    const bool needs_name = message.method == "tools/call";
    const std::string name = text_in(message.params, "name");
    if (needs_name && (!headers->name || decode_header(*headers->name) != name)) {
      return Fault{400, kHeaderMismatch, "the header Mcp-Name must be the tool's name"};
    }
  }
  if (version == kModernVersion) return std::nullopt;
  Fault fault{400, kUnsupportedVersion, fmt::format("Unsupported protocol version: {}", version)};
  fault.data =
      json::object{{"supported", json::array{kModernVersion, kLegacyVersions.front()}}, {"requested", version}};
  return fault;
}

std::optional<McpProtocol::Fault> McpProtocol::check_legacy(const McpHeaders* headers) {
  if (headers == nullptr) return std::nullopt;
  if (headers->session && !is_mcp_session_id(*headers->session)) {
    return Fault{404, kInvalidRequest, "there is no such session: initialize again"};
  }
  if (headers->protocol_version && !is_legacy_version(*headers->protocol_version)) {
    return Fault{400, kInvalidRequest,
                 fmt::format("MCP-Protocol-Version {} is not supported; {} is", *headers->protocol_version,
                             kLegacyVersions.front())};
  }
  return std::nullopt;
}

McpReply McpProtocol::refuse(const Message& message, const Fault& fault) {
  json::object error{{"code", fault.code}, {"message", fault.message}};
  if (!fault.data.is_null()) error["data"] = fault.data;
  json::object answer = make_envelope(message.id);
  answer["error"] = std::move(error);
  return {fault.http_status, std::move(answer)};
}

McpReply McpProtocol::reply(const Message& message, McpEra era, json::object result) {
  finish_result(result, era);
  json::object answer = make_envelope(message.id);
  answer["result"] = std::move(result);
  return {200, std::move(answer)};
}

McpStep McpProtocol::take(std::string_view text, const McpHeaders* headers) const {
  auto parsed = parse(text);
  if (!parsed) {
    Message unread;
    unread.id = parsed.error().id;
    return refuse(unread, parsed.error());
  }
  const Message& message = *parsed;
  if (message.is_answer) return McpReply{202, std::nullopt};
  const McpEra era = find_era(message, headers);
  const auto fault = era == McpEra::modern && !message.id.is_null() ? check_modern(message, headers)
                     : era == McpEra::legacy                        ? check_legacy(headers)
                                                                    : std::nullopt;
  if (fault) return refuse(message, *fault);
  return message.id.is_null() ? take_notification(message) : take_request(message, era);
}

McpStep McpProtocol::take_notification(const Message& message) {
  const json::value* request_id = message.params.if_contains("requestId");
  if (message.method == "notifications/cancelled" && request_id != nullptr && is_id(*request_id)) {
    return McpCancel{*request_id};
  }
  return McpReply{202, std::nullopt};
}

McpStep McpProtocol::take_request(const Message& message, McpEra era) const {
  const bool is_legacy = era == McpEra::legacy;
  if (message.method == "tools/call") return begin_call(message, era);
  if (message.method == "tools/list") {
    if (message.params.contains("cursor")) {
      return refuse(message, {is_legacy ? 200 : 400, kInvalidParams, "there is one page only: no cursor was given"});
    }
    json::object result = list_tools();
    if (!is_legacy) let_cache(result);
    return reply(message, era, std::move(result));
  }
  if (is_legacy && message.method == "ping") return reply(message, era, {});
  if (is_legacy && message.method == "initialize") {
    McpReply answer = reply(message, era, describe_server(message));
    answer.begins_session = true;
    return answer;
  }
  if (!is_legacy && message.method == "server/discover") {
    json::array versions{kModernVersion};
    for (const std::string_view version : kLegacyVersions) versions.emplace_back(version);
    json::object result{{"supportedVersions", std::move(versions)},
                        {"capabilities", json::object{{"tools", json::object()}}},
                        {"instructions", instructions_}};
    let_cache(result);
    return reply(message, era, std::move(result));
  }
  return refuse(message, {is_legacy ? 200 : 404, kMethodNotFound, "Method not found: " + message.method});
}

McpStep McpProtocol::begin_call(const Message& message, McpEra era) const {
  const int refused = era == McpEra::legacy ? 200 : 400;
  const std::string name = text_in(message.params, "name");
  if (name.empty()) return refuse(message, {refused, kInvalidParams, "params.name must be a tool's name"});
  if (std::ranges::find(tools_, name, &McpTool::name) == tools_.end()) {
    return refuse(message, {200, kInvalidParams, "Unknown tool: " + name});
  }
  McpCall call{message.id, era, name, {}, nullptr};
  const json::value* arguments = message.params.if_contains("arguments");
  if (arguments != nullptr && !arguments->is_object() && !arguments->is_null()) {
    return refuse(message, {refused, kInvalidParams, "params.arguments must be an object"});
  }
  if (arguments != nullptr && arguments->is_object()) call.arguments = arguments->as_object();
  const json::value* token = message.meta.if_contains("progressToken");
  if (token != nullptr && is_id(*token)) call.progress_token = *token;
  return call;
}

json::object McpProtocol::describe_server(const Message& message) const {
  const std::string asked = text_in(message.params, "protocolVersion");
  return {{"protocolVersion", is_legacy_version(asked) ? std::string_view(asked) : kLegacyVersions.front()},
          {"capabilities", json::object{{"tools", json::object()}}},
          {"serverInfo", server_info()},
          {"instructions", instructions_}};
}

json::object McpProtocol::list_tools() const {
  json::array tools;
  for (const McpTool& tool : tools_) tools.push_back(describe_tool(tool));
  return {{"tools", std::move(tools)}};
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
  answer["error"] = json::object{{"code", kInternalError}, {"message", "An internal error occurred."}};
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

std::string make_mcp_session_id(std::string_view random) {
  constexpr std::size_t kCheckDigits = 8;
  return fmt::format("{}-{}", random, sha256_hex(random).substr(0, kCheckDigits));
}

bool is_mcp_session_id(std::string_view id) {
  const std::size_t dash = id.rfind('-');
  return dash != std::string_view::npos && make_mcp_session_id(id.substr(0, dash)) == id;
}

}  // namespace codehelper
