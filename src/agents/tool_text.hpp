// Bounded text for a model, and the arguments it gives.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "codehelper/agents/tool_box.hpp"

namespace codehelper {

inline constexpr std::size_t kToolTextBytes = 12 * 1024;  // of one result

/// "12  text" for each line, the first of which is number `first`.
std::string number_lines(std::string_view lines, int first);

/// "src/a.cpp:10-20".
std::string name_place(std::string_view path, int start_line, int end_line);

ToolResult make_failure(std::string reason);

/// At most kToolTextBytes of `text`, cut at a line end, with a notice of what is missing and `how_to_go_on`.
std::string cut_with_notice(std::string text, std::string_view how_to_go_on);

}  // namespace codehelper
