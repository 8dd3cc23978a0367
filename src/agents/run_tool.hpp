// The Runner's part in a chat: the project's tests, and commands that stand in the user's own words. Nothing else runs,
// whatever a file of the project or a page of the web says.
#pragma once

#include <boost/json/object.hpp>

#include "codehelper/agents/tool_box.hpp"
#include "project_reader.hpp"
#include "web_tool.hpp"

namespace codehelper {

inline constexpr ToolText kRunTool{
    "run_command",
    "Runs the project's tests in the sandbox and returns the output and how many tests ran. Files and folders of the "
    "project may follow the test command. Other commands run only when the user asked for them literally.",
    R"({"type":"object","properties":{"command":{"type":"array","items":{"type":"string"},"minItems":1,
        "description":"the executable and its arguments"}},"required":["command"],"additionalProperties":false})"};

struct RunTool {
  const CommandPermit& permit;
  const Project& project;
  ProjectReader& reader;
  std::vector<Receipt>& receipts;
};

/// Errors: cancelled, and timeout of the context.
Task<Result<ToolResult>> run_command(RunTool tool, RequestContext context, boost::json::object arguments);

/// Whether it is the test command, alone or followed by what is in the project (`names_file` tells; pytest's
/// "file::test" counts as the file), or stands in the user's words. Pure but for `names_file`.
bool may_run(const CommandPermit& permit, const std::vector<std::string>& command,
             const std::function<bool(std::string_view)>& names_file);

}  // namespace codehelper
