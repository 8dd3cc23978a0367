// A message of the Model Context Protocol as it came in: read, sorted into its era, held against that era's rules.
// Pure.
#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace codehelper {

enum class McpEra { legacy, modern };

inline constexpr std::string_view kModernMcpVersion = "2026-07-28";
// Newest first.
inline constexpr auto kLegacyMcpVersions =
    std::to_array<std::string_view>({"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"});
bool is_legacy_mcp_version(std::string_view version);

// Error codes of JSON-RPC 2.0, and of the modern era.
inline constexpr int kMcpParseError = -32700;
inline constexpr int kMcpInvalidRequest = -32600;
inline constexpr int kMcpMethodNotFound = -32601;
inline constexpr int kMcpInvalidParams = -32602;
inline constexpr int kMcpInternalError = -32603;
inline constexpr int kMcpForbidden = -32003;  // ours
inline constexpr int kMcpHeaderMismatch = -32020;
inline constexpr int kMcpUnsupportedVersion = -32022;

/// Of the HTTP request that carried a message.
struct McpHeaders {
  std::optional<std::string> protocol_version;
  std::optional<std::string> method;
  std::optional<std::string> name;
  std::optional<std::string> session;
};

struct McpMessage {
  boost::json::value id;  // null = a notification
  std::string method;
  boost::json::object params;
  boost::json::object meta;  // of the params
  bool is_answer = false;    // to a request, of which a server of tools makes none
};

/// Why a message is refused.
struct McpFault {
  int http_status = 400;
  int code = kMcpInvalidRequest;
  std::string message;
  boost::json::value data = nullptr;
  boost::json::value id = nullptr;  // of a message that could not be read to its end
};

/// Whether `value` can be a request's id: texts and whole numbers.
bool is_mcp_id(const boost::json::value& value);
std::expected<McpMessage, McpFault> parse_mcp_message(std::string_view text);
/// `headers`: null = the message did not come over HTTP, here and below.
McpEra find_mcp_era(const McpMessage& message, const McpHeaders* headers);
/// Nothing when the era's rules hold; in their order the first that doesn't.
std::optional<McpFault> check_mcp_request(const McpMessage& message, McpEra era, const McpHeaders* headers);

/// A session's name: it scopes what notifications/cancelled names and is nothing else, so that any server over the same
/// store takes it. `random` is what make_request_id() gives.
std::string make_mcp_session_id(std::string_view random);
bool is_mcp_session_id(std::string_view id);

}  // namespace codehelper
