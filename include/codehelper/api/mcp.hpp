// The Model Context Protocol's server side (revisions 2025-03-26 to 2025-11-25, "legacy", and 2026-07-28, "modern"):
// tools only. One protocol, spoken over HTTP (Streamable HTTP) and over standard input and output.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/api/chat_runs.hpp"
#include "codehelper/net/router.hpp"

namespace codehelper {

struct McpTool {
  std::string name;  // letters, digits, '_', '-' and '.'; 64 at most
  std::string title;
  std::string description;
  boost::json::object input_schema;  // JSON Schema 2020-12, of an object
  boost::json::object output_schema;
  boost::json::object annotations;  // "readOnlyHint" and its like
  Scope scope = Scope::admin;       // that a caller over HTTP needs
};

struct McpToolResult {
  boost::json::array content;
  std::optional<boost::json::object> structured;  // conforms to the tool's output schema
  bool is_error = false;
};
/// The object, and the same as text.
McpToolResult make_mcp_result(boost::json::object structured);
/// What went wrong and what to do instead, for a model to read.
McpToolResult make_mcp_failure(std::string_view reason);

/// Says what a call is at; a caller that didn't ask for it isn't told.
using McpProgress = std::function<void(std::string_view message)>;

class McpTools {
 public:
  virtual ~McpTools() = default;

  /// What a client may be told before anything else.
  virtual std::string instructions() const = 0;
  /// In an order that stays.
  virtual std::vector<McpTool> list() const = 0;
  /// Of a tool that is listed. Bad arguments and failures are results. Errors: cancelled, internal.
  virtual Task<Result<McpToolResult>> call(RequestContext context, std::string name, boost::json::object arguments,
                                           McpProgress on_progress) = 0;
};

struct McpServices {
  McpTools& tools;
  ChatRuns& runs;
  std::chrono::milliseconds time_budget = std::chrono::minutes(10);  // of a call
};
/// POST /mcp. What `services` refers to outlives the router.
void add_mcp_routes(Router& router, McpServices services);

/// Speaks over the two descriptors, one message a line, until `input` is at its end or the coroutine is cancelled; what
/// is going on then is ended and awaited. The descriptors stay open. `loop` and `tools` outlive it.
Task<void> serve_mcp_lines(EventLoop& loop, McpTools& tools, RequestContext context, int input, int output);

}  // namespace codehelper
