// What the Model Context Protocol says to a message: an answer, a call of a tool to make, or a call to cancel. Pure: no
// I/O, and no state between messages. Each message tells by itself which era it is of.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codehelper/api/mcp.hpp"
#include "mcp_message.hpp"

namespace codehelper {

struct McpReply {
  int http_status = 200;
  std::optional<boost::json::object> message;  // nothing = none is sent
  bool begins_session = false;                 // over HTTP the answer gives a session's id
};
struct McpCall {
  boost::json::value id;
  McpEra era = McpEra::legacy;
  std::string tool;
  boost::json::object arguments;
  boost::json::value progress_token;  // null = progress isn't told
};
/// The client takes a request back. There is no answer.
struct McpCancel {
  boost::json::value request_id;
};
using McpStep = std::variant<McpReply, McpCall, McpCancel>;

class McpProtocol {
 public:
  McpProtocol(std::string instructions, std::vector<McpTool> tools);

  /// `headers`: null = the message did not come over HTTP. `scopes` are the caller's; the list of tools has what he may
  /// call.
  McpStep take(std::string_view text, const McpHeaders* headers, ScopeSet scopes) const;

  /// What a caller needs for a call that take() gave.
  Scope scope_of(const McpCall& call) const;
  /// The answer to a caller who may not make it.
  static McpReply forbid(const McpCall& call, std::string_view reason);
  /// The answer to a call.
  static boost::json::object answer(const McpCall& call, McpToolResult result);
  /// The answer to one that failed for no reason that a client could mend.
  static boost::json::object answer_failure(const McpCall& call);
  /// The notification of progress number `number`, which goes up.
  static boost::json::object progress(const McpCall& call, std::uint64_t number, std::string_view message);

 private:
  static McpStep take_notification(const McpMessage& message);
  McpStep take_request(const McpMessage& message, McpEra era, ScopeSet scopes) const;
  McpStep begin_call(const McpMessage& message, McpEra era) const;
  boost::json::object describe_server(const McpMessage& message) const;
  boost::json::object list_tools(ScopeSet scopes) const;
  static McpReply reply(const McpMessage& message, McpEra era, boost::json::object result);
  static McpReply refuse(const McpMessage& message, const McpFault& fault);

  std::string instructions_;
  std::vector<McpTool> tools_;
};

}  // namespace codehelper
