#include "project_reader.hpp"

#include <fmt/format.h>

#include <functional>

#include "codehelper/base/text.hpp"
#include "codehelper/index/index_plan.hpp"

namespace codehelper {

namespace {

std::unexpected<Error> kept_out(const SkippedFile& file) {
  return fail(ErrorCode::invalid_input, fmt::format("{} is not read: {}{}{}", file.path, to_string(file.reason),
                                                    file.detail.empty() ? "" : ", ", file.detail));
}

}  // namespace

void ShownLines::add(const std::string& path, int first, std::string_view lines) {
  auto& of_file = hashes_[path];
  for (const std::string_view line : split_lines(lines)) {
    of_file.insert_or_assign(first++, std::hash<std::string_view>{}(line));
  }
}

bool ShownLines::contains(std::string_view path, int line, std::string_view text) const {
  const auto file = hashes_.find(path);
  if (file == hashes_.end()) return false;
  const auto shown = file->second.find(line);
  return shown != file->second.end() && shown->second == std::hash<std::string_view>{}(text);
}

Task<Result<std::shared_ptr<const SourceListing>>> ProjectReader::list() {
  if (listing_) co_return listing_;
  auto walk = [this] { return list_source_files(root_, max_file_bytes_); };
  auto listed = co_await loop_.run_blocking(std::move(walk));
  if (!listed) co_return std::unexpected(listed.error());
  listing_ = std::make_shared<const SourceListing>(std::move(*listed));
  co_return listing_;
}

Task<Result<std::string>> ProjectReader::read(std::string path) {
  if (const auto text = texts_.find(path); text != texts_.end()) co_return text->second;
  const auto relative = find_relative_path(root_, path);
  if (!relative) {
    co_return fail(ErrorCode::invalid_input, fmt::format("{} is not in the project; paths are relative to it", path));
  }
  auto reading = [this, &relative] { return read_indexed_file(root_, *relative, max_file_bytes_); };
  const auto text = co_await loop_.run_blocking(std::move(reading));
  if (!text && text.error().code == ErrorCode::not_found) {
    co_return fail(ErrorCode::not_found, fmt::format("there is no file {} in the project", *relative));
  }
  if (!text) co_return std::unexpected(text.error());
  if (!*text) co_return kept_out(text->error());
  co_return to_valid_utf8(**text);
}

std::optional<std::string> find_relative_path(const std::filesystem::path& root, std::string_view path) {
  const std::filesystem::path asked = std::filesystem::path(path).lexically_normal();
  std::string relative = (asked.is_absolute() ? asked.lexically_relative(root) : asked).generic_string();
  if (relative.empty() || relative == ".." || relative.starts_with("../") || relative.contains('\0')) {
    return std::nullopt;
  }
  return relative;
}

}  // namespace codehelper
