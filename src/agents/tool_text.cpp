#include "tool_text.hpp"

#include <fmt/format.h>

#include "codehelper/base/text.hpp"
#include "excerpt.hpp"

namespace codehelper {

std::string number_lines(std::string_view lines, int first) {
  std::string text;
  for (const std::string_view line : split_lines(lines)) text += fmt::format("{}  {}\n", first++, line);
  return text;
}

std::string name_place(std::string_view path, int start_line, int end_line) {
  return start_line == end_line ? fmt::format("{}:{}", path, start_line)
                                : fmt::format("{}:{}-{}", path, start_line, end_line);
}

ToolResult make_failure(std::string reason) {
  ToolResult result;
  result.ok = false;
  result.summary = shorten(reason, 200);
  result.data = {{"error", reason}};
  result.text = std::move(reason);
  return result;
}

std::string cut_with_notice(std::string text, std::string_view how_to_go_on) {
  const std::size_t kept = first_part(text, kToolTextBytes).size();
  if (kept == text.size()) return text;
  const std::size_t missing = text.size() - kept;
  text.resize(kept);
  if (!text.ends_with('\n')) text += '\n';
  text += fmt::format("({} more bytes are not shown; {})\n", missing, how_to_go_on);
  return text;
}

}  // namespace codehelper
