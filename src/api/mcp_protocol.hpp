// What the Model Context Protocol says to a message: an answer, a call of a tool to make, or a call to cancel. Pure: no
// I/O, and no state between messages. Each message tells by itself which era it is of.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codehelper/api/mcp.hpp"

namespace codehelper {

enum class McpEra { legacy, modern };

/// Of the HTTP request that carried a message.
struct McpHeaders {
  std::optional<std::string> protocol_version;
  std::optional<std::string> method;
  std::optional<std::string> name;
  std::optional<std::string> session;
};

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

  /// `headers`: null = the message did not come over HTTP.
  McpStep take(std::string_view text, const McpHeaders* headers) const;

  /// The answer to a call.
  static boost::json::object answer(const McpCall& call, McpToolResult result);
  /// The answer to one that failed for no reason that a client could mend.
  static boost::json::object answer_failure(const McpCall& call);
  /// The notification of progress number `number`, which goes up.
  static boost::json::object progress(const McpCall& call, std::uint64_t number, std::string_view message);

 private:
  struct Message;
  struct Fault;

  static std::expected<Message, Fault> parse(std::string_view text);
  static McpEra find_era(const Message& message, const McpHeaders* headers);
  static std::optional<Fault> check_modern(const Message& message, const McpHeaders* headers);
  static std::optional<Fault> check_legacy(const McpHeaders* headers);
  static McpStep take_notification(const Message& message);
  McpStep take_request(const Message& message, McpEra era) const;
  McpStep begin_call(const Message& message, McpEra era) const;
  boost::json::object describe_server(const Message& message) const;
  boost::json::object list_tools() const;
  static McpReply reply(const Message& message, McpEra era, boost::json::object result);
  static McpReply refuse(const Message& message, const Fault& fault);

  std::string instructions_;
  std::vector<McpTool> tools_;
};

/// A session's name: it scopes what notifications/cancelled names and is nothing else, so that any server over the same
/// store takes it. `random` is what make_request_id() gives.
std::string make_mcp_session_id(std::string_view random);
bool is_mcp_session_id(std::string_view id);

}  // namespace codehelper
