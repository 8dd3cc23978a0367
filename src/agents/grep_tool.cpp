// The tool that looks for a pattern in the files of now.
#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <span>

#include "code_tools.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "grep.hpp"
#include "tool_text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMaxMatches = 100;
constexpr std::size_t kFilesASlice = 200;  // read before others may use the thread
constexpr std::chrono::seconds kGrepLimit{10};

struct FileMatches {
  std::string path;
  std::vector<LineMatch> matches;
};

/// Files from `begin` on, `kFilesASlice` at most. Blocks.
Result<std::vector<FileMatches>> grep_slice(const CodeTools& tools, std::span<const SourceFile> files,
                                            const LinePattern& pattern, std::size_t limit) {
  std::vector<FileMatches> found;
  for (const SourceFile& file : files) {
    auto bytes = read_source_bytes(tools.project.root, file, tools.parts.max_file_bytes);
    if (!bytes || !*bytes) continue;
    auto matches = pattern.find(mask_secrets(to_valid_utf8(**bytes)).text, limit);
    if (!matches) return std::unexpected(matches.error());
    if (!matches->empty()) found.push_back({file.path, std::move(*matches)});
  }
  return found;
}

struct GrepRequest {
  LinePattern pattern;
  ChunkFilter filter;
  std::size_t limit = 0;
};

struct GrepResult {
  std::vector<FileMatches> files;
  std::size_t matches = 0;
  std::size_t unread_files = 0;  // time or room was over
};

Task<Result<GrepResult>> grep_files(CodeTools tools, RequestContext context, std::vector<SourceFile> files,
                                    const GrepRequest& request) {
  GrepResult result;
  const Deadline deadline = context.deadline.earlier(Deadline::after(kGrepLimit));
  for (std::size_t begin = 0; begin < files.size(); begin += kFilesASlice) {
    if (result.matches >= request.limit || deadline.passed()) {
      result.unread_files = files.size() - begin;
      break;
    }
    const auto slice = std::span(files).subspan(begin, std::min(kFilesASlice, files.size() - begin));
    auto work = [&tools, slice, &request, &result] {
      return grep_slice(tools, slice, request.pattern, request.limit - result.matches);
    };
    auto found = co_await tools.parts.loop.run_blocking(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    for (FileMatches& file : *found) {
      file.matches.resize(std::min(file.matches.size(), request.limit - result.matches));
      result.matches += file.matches.size();
      if (!file.matches.empty()) result.files.push_back(std::move(file));
    }
  }
  co_return result;
}

}  // namespace

Task<Result<ToolResult>> grep(CodeTools tools, RequestContext context, json::object arguments) {
  const auto pattern = required_string(arguments, "pattern");
  if (!pattern) co_return make_failure(pattern.error().message);
  const auto path = optional_string(arguments, "path");
  if (!path) co_return make_failure(path.error().message);
  const auto ignore_case = optional_bool(arguments, "ignore_case");
  if (!ignore_case) co_return make_failure(ignore_case.error().message);
  const auto limit = optional_integer(arguments, "limit", 1, kMaxMatches);
  if (!limit) co_return make_failure(limit.error().message);
  auto compiled =
      LinePattern::make(*pattern, ignore_case->value_or(false) ? PatternCase::ignored : PatternCase::matters);
  if (!compiled) co_return make_failure(compiled.error().message);
  const auto listing = co_await tools.reader.list();
  if (!listing) co_return fail_call(listing.error(), context);
  const GrepRequest request{std::move(*compiled), filter_of(*path), static_cast<std::size_t>(limit->value_or(50))};
  std::vector<SourceFile> files;
  std::ranges::copy_if((*listing)->files, std::back_inserter(files),
                       [&](const SourceFile& file) { return may_pass(request.filter, file.path); });
  if (files.empty()) co_return make_failure(fmt::format("no file of the project matches {}", path->value_or("")));
  const auto found = co_await grep_files(tools, context, std::move(files), request);
  if (!found) co_return fail_call(found.error(), context);
  ToolResult result;
  json::array matches;
  for (const FileMatches& file : found->files) {
    for (const LineMatch& match : file.matches) {
      tools.shown.add(file.path, match.line, match.text);
      result.text += fmt::format("{}:{}: {}\n", file.path, match.line, match.text);
      matches.push_back(json::object{{"path", file.path}, {"line", match.line}, {"text", match.text}});
    }
  }
  if (found->matches == 0) result.text = "No line matches.\n";
  if (found->matches >= request.limit)
    result.text += fmt::format("(the first {} matches; there may be more)\n", found->matches);
  if (found->unread_files > 0 && found->matches < request.limit) {
    result.text += fmt::format("({} files were not read, the time was over; give a path)\n", found->unread_files);
  }
  result.text = cut_with_notice(std::move(result.text), "give a path, or a narrower pattern");
  result.summary = fmt::format("{} lines match", found->matches);
  result.data = {{"matches", std::move(matches)}, {"unread_files", found->unread_files}};
  co_return result;
}

}  // namespace codehelper
