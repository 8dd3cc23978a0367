#include "codehelper/index/index_plan.hpp"

#include <algorithm>

namespace codehelper {

namespace {

/// Of the skipped folder that holds the path, or of the path itself.
const SkippedFile* find_skipped(const std::vector<SkippedFile>& skipped, std::string_view path) {
  const auto keeps_out = [&](const SkippedFile& entry) {
    return entry.path == path || (entry.path.ends_with('/') && path.starts_with(entry.path));
  };
  const auto found = std::ranges::find_if(skipped, keeps_out);
  return found == skipped.end() ? nullptr : &*found;
}

/// Nothing when its content is fit for the index, or it is gone meanwhile.
Result<std::optional<SkippedFile>> refuse_by_content(const std::filesystem::path& root, const SourceFile& file,
                                                     std::uint64_t max_file_bytes) {
  auto read = read_source_file(root, file, max_file_bytes);
  if (!read) return std::unexpected(read.error());
  if (*read) return std::nullopt;
  return std::move(read->error());
}

/// `path` relative to the root.
Result<std::string> name_in_project(const std::filesystem::path& root, std::string_view path) {
  const auto asked = std::filesystem::path(path).lexically_normal();
  std::string relative = (asked.is_absolute() ? asked.lexically_relative(root) : asked).string();
  if (!relative.empty() && !relative.starts_with("..")) return relative;
  return fail(ErrorCode::invalid_input, std::string(path) + " is not in " + root.string());
}

}  // namespace

Result<IndexPlan> plan_index(const std::filesystem::path& root, std::uint64_t max_file_bytes) {
  auto listing = list_source_files(root, max_file_bytes);
  if (!listing) return std::unexpected(listing.error());
  IndexPlan plan{.files = {}, .skipped = std::move(listing->skipped), .bytes = 0};
  for (SourceFile& file : listing->files) {
    auto refused = refuse_by_content(root, file, max_file_bytes);
    if (!refused && refused.error().code == ErrorCode::not_found) continue;
    if (!refused) return std::unexpected(refused.error());
    if (*refused) {
      plan.skipped.push_back(std::move(**refused));
      continue;
    }
    plan.bytes += file.size_bytes;
    plan.files.push_back(std::move(file));
  }
  std::ranges::sort(plan.skipped, {}, &SkippedFile::path);
  return plan;
}

Result<std::expected<std::string, SkippedFile>> read_indexed_file(const std::filesystem::path& root,
                                                                  std::string_view path, std::uint64_t max_file_bytes) {
  auto relative = name_in_project(root, path);
  if (!relative) return std::unexpected(relative.error());
  auto listing = list_source_file(root, *relative, max_file_bytes);
  if (!listing) return std::unexpected(listing.error());
  if (const auto* skipped = find_skipped(listing->skipped, *relative)) {
    return std::expected<std::string, SkippedFile>(std::unexpected(*skipped));
  }
  if (listing->files.empty() || listing->files.front().path != *relative) {
    return fail(ErrorCode::not_found, "no such file in " + root.string() + ": " + *relative);
  }
  return read_source_bytes(root, listing->files.front(), max_file_bytes);
}

Result<FileVerdict> why_file(const std::filesystem::path& root, std::string_view path, std::uint64_t max_file_bytes) {
  auto relative = name_in_project(root, path);
  if (!relative) return std::unexpected(relative.error());
  auto read = read_indexed_file(root, *relative, max_file_bytes);
  if (!read) return std::unexpected(read.error());
  FileVerdict verdict{.path = std::move(*relative), .skipped = std::nullopt};
  if (!*read) verdict.skipped = std::move(read->error());
  return verdict;
}

}  // namespace codehelper
