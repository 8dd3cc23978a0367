// Calls of tools as runs (chat_runs.hpp), and what their events are in the protocol: shared by HTTP and stdio.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "mcp_protocol.hpp"

namespace codehelper {

/// Starts a call; an answer that the client can get is the run's result too.
std::shared_ptr<ChatRun> start_mcp_call(ChatRuns& runs, McpTools& tools, RequestContext context, McpCall call,
                                        OnDisconnect on_disconnect);
/// The message that tells an event of the call's run, as JSON; empty = none does, and so it is when it was cancelled.
std::string make_mcp_message(const McpCall& call, const RunEvent& event);

/// Which runs the calls of sessions are, so that they can be cancelled by a request's id.
class McpSessionCalls {
 public:
  /// `runs` outlives it.
  explicit McpSessionCalls(ChatRuns& runs) : runs_(runs) {}

  void add(const std::string& session, const boost::json::value& request_id, const ChatRun& run);
  /// Nothing happens when there is no such call, or it has ended.
  void cancel(const std::string& session, const boost::json::value& request_id);

 private:
  ChatRuns& runs_;
  std::map<std::string, std::string> run_ids_;  // by session and request
};

}  // namespace codehelper
