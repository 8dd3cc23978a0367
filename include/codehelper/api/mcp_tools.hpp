// The tools that clients of the Model Context Protocol get: those that read code (agents/tool_box.hpp), the crew, the
// tests, and the index.
#pragma once

#include <cstdint>
#include <memory>

#include "codehelper/api/mcp.hpp"
#include "codehelper/api/routes.hpp"

namespace codehelper {

/// find_symbol, grep, list_files, read_lines, search_code, ask, run_tests, project_status, index_project; each takes a
/// "project_path", without which the current project is meant. `services` outlives them, and its pointers are set
/// before the first call. Files over `max_file_bytes` are not read, as in the index.
std::unique_ptr<McpTools> make_mcp_tools(ApiServices& services, std::uint64_t max_file_bytes);

}  // namespace codehelper
