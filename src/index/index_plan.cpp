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

Result<FileVerdict> why_file(const std::filesystem::path& root, const SourceListing& listing, std::string_view path,
                             std::uint64_t max_file_bytes) {
  const auto asked = std::filesystem::path(path).lexically_normal();
  const auto relative = asked.is_absolute() ? asked.lexically_relative(root) : asked;
  FileVerdict verdict{.path = relative.string(), .skipped = std::nullopt};
  if (verdict.path.empty() || verdict.path.starts_with("..")) {
    return fail(ErrorCode::invalid_input, std::string(path) + " is not in " + root.string());
  }
  if (const auto* skipped = find_skipped(listing.skipped, verdict.path)) {
    verdict.skipped = *skipped;
    return verdict;
  }
  const auto file = std::ranges::lower_bound(listing.files, verdict.path, {}, &SourceFile::path);
  if (file == listing.files.end() || file->path != verdict.path) {
    return fail(ErrorCode::not_found, "no such file in " + root.string() + ": " + verdict.path);
  }
  auto refused = refuse_by_content(root, *file, max_file_bytes);
  if (!refused) return std::unexpected(refused.error());
  verdict.skipped = std::move(*refused);
  return verdict;
}

}  // namespace codehelper
