// The tools that read code. Each takes the call's arguments and gives a result; what went wrong is a result too.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "codehelper/agents/tool_box.hpp"
#include "codehelper/index/chunk_filter.hpp"
#include "project_reader.hpp"

namespace codehelper {

struct CodeTools {
  const ToolBox::Parts& parts;
  const Project& project;
  const std::string& folder;  // below which is searched; empty = everywhere
  ProjectReader& reader;
  ShownLines& shown;
};

// Errors of all: cancelled, and timeout of the context.
Task<Result<ToolResult>> search_code(CodeTools tools, RequestContext context, boost::json::object arguments);
Task<Result<ToolResult>> read_lines(CodeTools tools, RequestContext context, boost::json::object arguments);
Task<Result<ToolResult>> list_files(CodeTools tools, RequestContext context, boost::json::object arguments);
Task<Result<ToolResult>> find_symbol(CodeTools tools, RequestContext context, boost::json::object arguments);
Task<Result<ToolResult>> grep(CodeTools tools, RequestContext context, boost::json::object arguments);

/// What went wrong, for the model; an error only when it ends the whole chat.
Result<ToolResult> fail_call(const Error& error, const RequestContext& context);
/// For a piece of a path or a glob; everything without one, and for the root.
ChunkFilter filter_of(const std::optional<std::string>& path);

/// A search in the folder. Errors: those of Retriever::search().
Task<Result<SearchResult>> search_project(CodeTools tools, RequestContext context, std::string question,
                                          std::size_t limit);
/// The text of a hit as it may be shown: secrets masked, `limit_bytes` at most, with its lines' numbers.
std::string show_hit(const SearchHit& hit, std::size_t limit_bytes);

}  // namespace codehelper
