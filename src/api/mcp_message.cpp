#include "mcp_message.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

#include "codehelper/base/base64.hpp"
#include "codehelper/base/hash.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";

/// Null when there is none, or it is no object.
const json::object* object_in(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value == nullptr ? nullptr : value->if_object();
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

std::optional<McpFault> check_modern(const McpMessage& message, const McpHeaders* headers) {
  if (headers != nullptr && !headers->protocol_version) {
    return McpFault{400, kMcpHeaderMismatch, "the header MCP-Protocol-Version is missing"};
  }
  const std::string version = text_in(message.meta, kVersionKey);
  if (version.empty())
    return McpFault{400, kMcpInvalidParams, fmt::format("params._meta must have \"{}\"", kVersionKey)};
  if (object_in(message.meta, kCapabilitiesKey) == nullptr) {
    return McpFault{400, kMcpInvalidParams, fmt::format("params._meta must have \"{}\"", kCapabilitiesKey)};
  }
  if (headers != nullptr) {
    if (*headers->protocol_version != version) {
      return McpFault{400, kMcpHeaderMismatch, "MCP-Protocol-Version is another than the one in params._meta"};
    }
    if (headers->method != message.method) {
      return McpFault{400, kMcpHeaderMismatch, "the header Mcp-Method must be the message's method"};
    }
    const bool needs_name = message.method == "tools/call";
    const std::string name = text_in(message.params, "name");
    if (needs_name && (!headers->name || decode_header(*headers->name) != name)) {
      return McpFault{400, kMcpHeaderMismatch, "the header Mcp-Name must be the tool's name"};
    }
  }
  if (version == kModernMcpVersion) return std::nullopt;
  McpFault fault{400, kMcpUnsupportedVersion, fmt::format("Unsupported protocol version: {}", version)};
  fault.data =
      json::object{{"supported", json::array{kModernMcpVersion, kLegacyMcpVersions.front()}}, {"requested", version}};
  return fault;
}

std::optional<McpFault> check_legacy(const McpHeaders* headers) {
  if (headers == nullptr) return std::nullopt;
  if (headers->session && !is_mcp_session_id(*headers->session)) {
    return McpFault{404, kMcpInvalidRequest, "there is no such session: initialize again"};
  }
  if (headers->protocol_version && !is_legacy_mcp_version(*headers->protocol_version)) {
    return McpFault{400, kMcpInvalidRequest,
                    fmt::format("MCP-Protocol-Version {} is not supported; {} is",
                                to_valid_utf8(*headers->protocol_version), kLegacyMcpVersions.front())};
  }
  return std::nullopt;
}

}  // namespace

bool is_legacy_mcp_version(std::string_view version) {
  return std::ranges::find(kLegacyMcpVersions, version) != kLegacyMcpVersions.end();
}

bool is_mcp_id(const json::value& id) {
  return id.is_string() || id.is_int64() || id.is_uint64();
}

std::expected<McpMessage, McpFault> parse_mcp_message(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error) return std::unexpected(McpFault{400, kMcpParseError, "Parse error: " + error.message()});
  if (value.is_array())
    return std::unexpected(McpFault{400, kMcpInvalidRequest, "Batches are not taken: send one message"});
  if (!value.is_object()) return std::unexpected(McpFault{400, kMcpInvalidRequest, "A message is a JSON object"});
  const json::object& object = value.as_object();
  McpMessage message;
  const json::value* id = object.if_contains("id");
  if (id != nullptr && is_mcp_id(*id)) message.id = *id;
  const auto invalid = [&](std::string why) {
    return std::unexpected(McpFault{400, kMcpInvalidRequest, std::move(why), nullptr, message.id});
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
    return std::unexpected(McpFault{400, kMcpInvalidParams, "\"params\" must be an object", nullptr, message.id});
  }
  message.params = params->as_object();
  const json::object* meta = object_in(message.params, "_meta");
  if (meta != nullptr) message.meta = *meta;
  return message;
}

McpEra find_mcp_era(const McpMessage& message, const McpHeaders* headers) {
  const std::string version = text_in(message.meta, kVersionKey);
  const bool is_modern = message.method == "server/discover" || (!version.empty() && !is_legacy_mcp_version(version)) ||
                         (headers != nullptr && headers->protocol_version == kModernMcpVersion);
  return is_modern ? McpEra::modern : McpEra::legacy;
}

std::optional<McpFault> check_mcp_request(const McpMessage& message, McpEra era, const McpHeaders* headers) {
  return era == McpEra::modern ? check_modern(message, headers) : check_legacy(headers);
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
