// Files of a project as people look at them: lines of one, folders to choose from, what is left out of the index.
#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>

#include "codehelper/api/routes.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/index/chunker.hpp"
#include "codehelper/index/folder_completion.hpp"
#include "codehelper/index/index_plan.hpp"
#include "query_fields.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMaxLine = 10'000'000;
constexpr std::size_t kMaxFolders = 50;
constexpr std::int64_t kDefaultSkipped = 100;
constexpr std::int64_t kMaxSkipped = 1'000;
constexpr std::size_t kFilesInASlice = 64;  // read without a pause, a few milliseconds long

struct FileQuery {
  std::string path;
  std::int64_t first = 1;
  std::int64_t last = kMaxLine;
};

Result<FileQuery> parse_file_query(const HttpRequest& request) {
  auto path = required_query_text(request, "path");
  if (!path) return std::unexpected(path.error());
  const auto first = query_integer(request, "start_line", 1, kMaxLine);
  if (!first) return std::unexpected(first.error());
  const auto last = query_integer(request, "end_line", first->value_or(1), kMaxLine);
  if (!last) return std::unexpected(last.error());
  return FileQuery{std::move(*path), first->value_or(1), last->value_or(kMaxLine)};
}

/// Secrets are masked before lines are picked out: one of several lines would not be known by its middle.
Result<json::object> show_lines(const FileQuery& query, std::string_view bytes) {
  const std::string text = mask_secrets(to_valid_utf8(bytes)).text;
  const auto total = static_cast<std::int64_t>(split_lines(text).size());
  const std::int64_t last = std::min(query.last, total);
  if (query.first > std::max<std::int64_t>(total, 1)) {
    return fail(ErrorCode::invalid_input, fmt::format("{} has {} lines only", query.path, total));
  }
  const std::string_view lines = select_lines(text, static_cast<int>(query.first), static_cast<int>(last));
  return json::object{{"path", query.path}, {"start_line", query.first},
                      {"end_line", last},   {"total_lines", total},
                      {"text", lines},      {"language", detect_language(query.path, text)}};
}

Task<Result<HttpReply>> get_file(ApiServices& services, RequestContext context, HttpRequest request) {
  const auto query = parse_file_query(request);
  if (!query) co_return std::unexpected(query.error());
  const auto project = co_await services.projects->resolve(context, query_text(request, "project_path"));
  if (!project) co_return std::unexpected(project.error());
  auto read = [root = project->root, path = query->path, limit = services.max_file_bytes] {
    return read_indexed_file(root, path, limit);
  };
  const auto content = co_await services.loop.run_blocking(std::move(read));
  if (!content) co_return std::unexpected(content.error());
  if (!*content) {
    const SkippedFile& refused = content->error();
    const std::string message = fmt::format("{} is not shown, as it is not indexed: {}, {}", query->path,
                                            to_string(refused.reason), refused.detail);
    co_return make_error_reply(403, "not_shown", message, context.request_id);
  }
  const auto shown = show_lines(*query, **content);
  if (!shown) co_return std::unexpected(shown.error());
  co_return make_json_reply(to_json_text(*shown));
}

Task<Result<HttpReply>> get_directories(ApiServices& services, HttpRequest request) {
  auto complete = [prefix = query_text(request, "prefix").value_or(""), root = services.projects->allowed_root()] {
    return complete_folder(prefix, root, kMaxFolders);
  };
  const auto folders = co_await services.loop.run_blocking(std::move(complete));
  const json::object answer{{"directories", json::value_from(folders)}};
  co_return make_json_reply(to_json_text(answer));
}

json::object to_json(const SkippedFile& skipped) {
  json::object object{{"path", skipped.path}, {"reason", to_string(skipped.reason)}, {"detail", skipped.detail}};
  if (skipped.rule) {
    object["rule"] =
        json::object{{"pattern", skipped.rule->pattern}, {"file", skipped.rule->file}, {"line", skipped.rule->line}};
  }
  return object;
}

/// Those of `files` that are refused by their content. One that is gone meanwhile is none.
Result<std::vector<SkippedFile>> find_refused(const std::filesystem::path& root, std::span<const SourceFile> files,
                                              std::uint64_t max_file_bytes) {
  std::vector<SkippedFile> refused;
  for (const SourceFile& file : files) {
    auto read = read_source_bytes(root, file, max_file_bytes);
    if (!read && read.error().code == ErrorCode::not_found) continue;
    if (!read) return std::unexpected(read.error());
    if (!*read) refused.push_back(std::move(read->error()));
  }
  return refused;
}

/// As plan_index() finds them, in slices between which others get their turn and the caller may leave.
Task<Result<std::vector<SkippedFile>>> find_skipped(ApiServices& services, std::filesystem::path root) {
  const std::uint64_t limit = services.max_file_bytes;
  auto list = [root, limit] { return list_source_files(root, limit); };
  auto listing = co_await services.loop.run_blocking(std::move(list));
  if (!listing) co_return std::unexpected(listing.error());
  std::vector<SkippedFile> skipped = std::move(listing->skipped);
  const std::span<const SourceFile> files = listing->files;
  for (std::size_t at = 0; at < files.size(); at += kFilesInASlice) {
    const auto slice = files.subspan(at, std::min(kFilesInASlice, files.size() - at));
    auto look = [&root, slice, limit] { return find_refused(root, slice, limit); };
    auto refused = co_await services.loop.run_blocking(std::move(look));
    if (!refused) co_return std::unexpected(refused.error());
    std::ranges::move(*refused, std::back_inserter(skipped));
  }
  std::ranges::sort(skipped, {}, &SkippedFile::path);
  co_return skipped;
}

Task<Result<HttpReply>> get_skipped(ApiServices& services, RequestContext context, HttpRequest request) {
  const auto limit = query_integer(request, "limit", 1, kMaxSkipped);
  if (!limit) co_return std::unexpected(limit.error());
  const auto offset = query_integer(request, "offset", 0, kMaxLine);
  if (!offset) co_return std::unexpected(offset.error());
  const auto project = co_await services.projects->resolve(context, query_text(request, "project_path"));
  if (!project) co_return std::unexpected(project.error());
  const auto skipped = co_await find_skipped(services, project->root);
  if (!skipped) co_return std::unexpected(skipped.error());
  json::array page;
  const auto first = std::min(static_cast<std::size_t>(offset->value_or(0)), skipped->size());
  const auto count = std::min(static_cast<std::size_t>(limit->value_or(kDefaultSkipped)), skipped->size() - first);
  for (const SkippedFile& file : std::span(*skipped).subspan(first, count)) page.push_back(to_json(file));
  const json::object answer{{"skipped", std::move(page)}, {"total", skipped->size()}};
  co_return make_json_reply(to_json_text(answer));
}

}  // namespace

void add_file_routes(Router& router, ApiServices& services) {
  Route file;
  file.method = "GET";
  file.path = "/files";
  file.scopes = Scope::read;
  file.handler = [&services](RequestContext context, HttpRequest request) {
    return get_file(services, std::move(context), std::move(request));
  };
  router.add(std::move(file));

  Route directories;
  directories.method = "GET";
  directories.path = "/directories";
  directories.scopes = Scope::read;
  directories.handler = [&services](RequestContext, HttpRequest request) {
    return get_directories(services, std::move(request));
  };
  router.add(std::move(directories));

  Route skipped;
  skipped.method = "GET";
  skipped.path = "/project/skipped";
  skipped.scopes = Scope::read;
  skipped.time_budget = std::chrono::minutes(2);
  skipped.handler = [&services](RequestContext context, HttpRequest request) {
    return get_skipped(services, std::move(context), std::move(request));
  };
  router.add(std::move(skipped));
}

}  // namespace codehelper
