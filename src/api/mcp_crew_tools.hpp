// The tools of MCP that do more than read code.
#pragma once

#include <span>
#include <string_view>

#include "codehelper/api/mcp.hpp"
#include "codehelper/api/routes.hpp"

namespace codehelper {

struct McpCallParts {
  ApiServices& services;
  RequestContext context;
  Project project;
  boost::json::object arguments;
  McpProgress on_progress;
};

struct McpCrewTool {
  std::string_view name;
  std::string_view title;
  std::string_view description;
  std::string_view input;   // JSON Schema; "project_path" is added to it
  std::string_view output;  // JSON Schema
  std::string_view annotations;
  Scope scope;
  Task<Result<McpToolResult>> (*run)(McpCallParts);
};

/// In the order in which they are listed.
std::span<const McpCrewTool> mcp_crew_tools();

}  // namespace codehelper
