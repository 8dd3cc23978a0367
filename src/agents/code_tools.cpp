#include "code_tools.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <map>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/index/chunk_filter.hpp"
#include "codehelper/index/chunker.hpp"
#include "excerpt.hpp"
#include "tool_text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMaxHits = 20;
constexpr std::size_t kHitBytes = 3 * 1024;
constexpr int kMaxLines = 250;
constexpr std::size_t kMaxFiles = 200;

}  // namespace

Result<ToolResult> fail_call(const Error& error, const RequestContext& context) {
  const bool is_late = error.code == ErrorCode::timeout && context.deadline.passed();
  if (error.code == ErrorCode::cancelled || is_late) return std::unexpected(error);
  return make_failure(error.message);
}

namespace {

Result<ToolResult> fail_search(const Error& error, const RequestContext& context) {
  auto result = fail_call(error, context);
  if (result) result->lacks_index = error.code == ErrorCode::not_found;
  return result;
}

}  // namespace

ChunkFilter filter_of(const std::optional<std::string>& path) {
  ChunkFilter filter;
  if (path && !path->empty() && *path != "." && *path != "/") filter.paths.push_back(*path);
  return filter;
}

std::string show_hit(const SearchHit& hit, std::size_t limit_bytes) {
  const std::string masked = mask_secrets(hit.text).text;
  return number_lines(first_part(masked, limit_bytes), hit.start_line);
}

Task<Result<SearchResult>> search_project(CodeTools tools, RequestContext context, std::string question,
                                          std::size_t limit) {
  SearchRequest search;
  search.question = std::move(question);
  search.limit = limit;
  search.folder = tools.folder;
  const Project project = tools.project;
  co_return co_await tools.parts.retriever.search(std::move(context), project, std::move(search));
}

Task<Result<ToolResult>> search_code(CodeTools tools, RequestContext context, json::object arguments) {
  auto query = required_text(arguments, "query");
  if (!query) co_return make_failure(query.error().message);
  const auto limit = optional_integer(arguments, "limit", 1, kMaxHits);
  if (!limit) co_return make_failure(limit.error().message);
  const auto found =
      co_await search_project(tools, context, std::move(*query), static_cast<std::size_t>(limit->value_or(6)));
  if (!found) co_return fail_search(found.error(), context);
  ToolResult result;
  json::array hits;
  for (const SearchHit& hit : found->hits) {
    const std::string shown = show_hit(hit, kHitBytes);
    tools.shown.add(hit.path, hit.start_line, first_part(hit.text, kHitBytes));
    result.text += fmt::format("{}{}{}\n{}\n", name_place(hit.path, hit.start_line, hit.end_line),
                               hit.symbol.empty() ? "" : "  ", hit.symbol, shown);
    hits.push_back(json::object{{"path", hit.path},
                                {"start_line", hit.start_line},
                                {"end_line", hit.end_line},
                                {"symbol", hit.symbol},
                                {"score", hit.score},
                                {"text", mask_secrets(hit.text).text}});
  }
  for (const std::string& note : found->notes) result.text += note + "\n";
  json::array notes(found->notes.begin(), found->notes.end());
  if (found->hits.empty()) result.text += "Nothing matches. Try other words, find_symbol, or grep.\n";
  result.text = cut_with_notice(std::move(result.text), "ask for fewer, or read_lines of a place");
  result.summary = fmt::format("{} places", found->hits.size());
  result.data = {{"hits", std::move(hits)}, {"notes", std::move(notes)}};
  co_return result;
}

Task<Result<ToolResult>> read_lines(CodeTools tools, RequestContext context, json::object arguments) {
  constexpr std::int64_t kMax = std::numeric_limits<int>::max();
  auto path = required_string(arguments, "path");
  if (!path) co_return make_failure(path.error().message);
  const auto start = optional_integer(arguments, "start_line", 1, kMax);
  if (!start) co_return make_failure(start.error().message);
  const auto end = optional_integer(arguments, "end_line", 1, kMax);
  if (!end) co_return make_failure(end.error().message);
  const auto text = co_await tools.reader.read(*path);
  if (!text) co_return fail_call(text.error(), context);
  const std::string relative = find_relative_path(tools.project.root, *path).value_or(*path);
  const int total = static_cast<int>(split_lines(*text).size());
  const int first = static_cast<int>(start->value_or(1));
  if (total == 0) co_return make_failure(fmt::format("{} is empty", relative));
  if (first > total) co_return make_failure(fmt::format("{} has {} lines only", relative, total));
  const std::int64_t asked_last = end->value_or(std::int64_t{first} + kMaxLines - 1);
  if (asked_last < first) co_return make_failure("\"end_line\" comes before \"start_line\"");
  const int wished = static_cast<int>(std::min<std::int64_t>({asked_last, total, std::int64_t{first} + kMaxLines - 1}));
  const std::string masked = mask_secrets(*text).text;
  // A line's number takes a few bytes more.
  const std::string_view lines = first_part(select_lines(masked, first, wished), kToolTextBytes * 9 / 10);
  const int last = first + static_cast<int>(split_lines(lines).size()) - 1;
  tools.shown.add(relative, first, select_lines(*text, first, last));
  ToolResult result;
  result.text =
      fmt::format("{} (of {} lines)\n{}", name_place(relative, first, last), total, number_lines(lines, first));
  if (last < std::min<std::int64_t>(end->value_or(total), total)) {
    result.text += fmt::format("(lines {} to {} are not shown; read on from {})\n", last + 1, total, last + 1);
  }
  result.summary = name_place(relative, first, last);
  result.data = {{"path", relative},     {"start_line", first}, {"end_line", last},
                 {"total_lines", total}, {"text", lines},       {"language", detect_language(relative, *text)}};
  co_return result;
}

namespace {

struct FolderEntry {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

/// What stands just below `folder` ("" or ending in "/"); folders end in "/".
std::map<std::string, FolderEntry> list_folder(const SourceListing& listing, std::string_view folder) {
  std::map<std::string, FolderEntry> entries;
  for (const SourceFile& file : listing.files) {
    if (!file.path.starts_with(folder)) continue;
    const std::string rest = file.path.substr(folder.size());
    const std::size_t slash = rest.find('/');
    FolderEntry& entry = entries[slash == std::string::npos ? rest : rest.substr(0, slash + 1)];
    ++entry.files;
    entry.bytes += file.size_bytes;
  }
  return entries;
}

ToolResult show_folder(const std::string& folder, const std::map<std::string, FolderEntry>& entries) {
  ToolResult result;
  json::array list;
  for (const auto& [name, entry] : entries) {
    const bool is_folder = name.ends_with('/');
    if (list.size() < kMaxFiles) {
      result.text += is_folder ? fmt::format("{}{}  ({} files)\n", folder, name, entry.files)
                               : fmt::format("{}{}  ({} bytes)\n", folder, name, entry.bytes);
      list.push_back(json::object{{"path", folder + name}, {"files", entry.files}, {"bytes", entry.bytes}});
    }
  }
  if (entries.size() > list.size()) {
    result.text +=
        fmt::format("({} more entries are not shown; give a folder or a glob)\n", entries.size() - list.size());
  }
  result.summary = fmt::format("{} entries", entries.size());
  result.data = {{"entries", std::move(list)}, {"total", entries.size()}};
  return result;
}

}  // namespace

Task<Result<ToolResult>> list_files(CodeTools tools, RequestContext context, json::object arguments) {
  const auto path = optional_string(arguments, "path");
  if (!path) co_return make_failure(path.error().message);
  const auto listing = co_await tools.reader.list();
  if (!listing) co_return fail_call(listing.error(), context);
  const std::string asked = path->value_or("");
  if (asked.find_first_of("*?[") != std::string::npos) {
    const ChunkFilter filter = filter_of(asked);
    std::map<std::string, FolderEntry> matching;
    for (const SourceFile& file : (*listing)->files) {
      if (may_pass(filter, file.path)) matching[file.path] = {1, file.size_bytes};
    }
    if (matching.empty()) co_return make_failure(fmt::format("no file of the project matches {}", asked));
    co_return show_folder("", matching);
  }
  std::string folder = asked.empty() ? "." : find_relative_path(tools.project.root, asked).value_or("..");
  if (folder == "..") co_return make_failure(fmt::format("{} is not in the project; paths are relative to it", asked));
  folder = folder == "." ? "" : folder;
  if (!folder.empty() && !folder.ends_with('/')) folder += '/';
  const auto entries = list_folder(**listing, folder);
  if (entries.empty()) {
    co_return make_failure(
        fmt::format("there is no folder {} with files that are indexed; a glob such as \"**/name*\" finds "
                    "files anywhere",
                    asked));
  }
  co_return show_folder(folder, entries);
}

Task<Result<ToolResult>> find_symbol(CodeTools tools, RequestContext context, json::object arguments) {
  auto name = required_text(arguments, "name");
  if (!name) co_return make_failure(name.error().message);
  SymbolQuery query;
  query.name = *name;
  query.limit = 30;
  const Project project = tools.project;
  const auto found = co_await tools.parts.symbols.find_symbol(context, project, std::move(query));
  if (!found) co_return fail_search(found.error(), context);
  ToolResult result;
  json::array definitions;
  for (const FoundDefinition& place : found->definitions) {
    const auto& [line, end_line] = std::pair(place.definition.line, place.definition.end_line);
    const std::string signature = mask_secrets(shorten(place.signature, 300)).text;
    result.text += fmt::format("{}  {} {}\n  {}\n", name_place(place.path, line, end_line), place.definition.kind,
                               place.definition.symbol, signature);
    definitions.push_back(json::object{{"path", place.path},
                                       {"line", line},
                                       {"end_line", end_line},
                                       {"kind", place.definition.kind},
                                       {"symbol", place.definition.symbol},
                                       {"signature", signature}});
  }
  json::array references;
  if (!found->references.empty()) result.text += "used in:\n";
  for (const FoundReference& place : found->references) {
    const std::string line = mask_secrets(shorten(place.text, 300)).text;
    tools.shown.add(place.path, place.line, place.text);
    result.text += fmt::format("{}:{}: {}\n", place.path, place.line, line);
    references.push_back(json::object{{"path", place.path}, {"line", place.line}, {"text", line}});
  }
  const std::uint64_t missing =
      found->definition_count + found->reference_count - found->definitions.size() - found->references.size();
  if (missing > 0) result.text += fmt::format("({} more places are not shown)\n", missing);
  if (found->definitions.empty() && found->references.empty()) {
    result.text = fmt::format("No symbol \"{}\" is known. Try grep, or search_code.\n", *name);
  }
  result.text = cut_with_notice(std::move(result.text), "grep with a path finds the others");
  result.summary = fmt::format("{} definitions, {} uses", found->definition_count, found->reference_count);
  result.data = {{"definitions", std::move(definitions)},
                 {"references", std::move(references)},
                 {"definition_count", found->definition_count},
                 {"reference_count", found->reference_count}};
  co_return result;
}

}  // namespace codehelper
