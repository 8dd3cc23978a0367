#include <algorithm>
#include <cstring>

#include "codehelper/base/text.hpp"
#include "codehelper/index/source_files.hpp"
#include "content_rules.hpp"
#include "descriptor.hpp"
#include "git_repository.hpp"

namespace codehelper {

namespace {

/// Opens `path` below `root`, part by part. An errno on failure.
std::expected<FileDescriptor, int> open_below(const std::filesystem::path& root, std::string_view path) {
  FileDescriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (auto slash = path.find('/'); folder.is_open() && slash != std::string_view::npos; slash = path.find('/')) {
    const std::string part(path.substr(0, slash));
    if (part == "..") return std::unexpected(ENOENT);
    folder = open_folder_at(folder.get(), part);
    path.remove_prefix(slash + 1);
  }
  if (!folder.is_open()) return std::unexpected(errno);
  auto file = open_file_at(folder.get(), std::string(path));
  if (!file.is_open()) return std::unexpected(errno);
  return file;
}

std::expected<std::string, SkippedFile> refuse(const SourceFile& file, SkipReason reason, std::string detail) {
  return std::unexpected(SkippedFile{file.path, reason, std::move(detail)});
}

Result<std::expected<std::string, SkippedFile>> refuse_unread(const SourceFile& file, int code,
                                                              std::uint64_t max_file_bytes) {
  if (code == ENOENT || code == ENOTDIR) return fail(ErrorCode::not_found, "no such file: " + file.path);
  if (code == ELOOP || code == ENXIO) return refuse(file, SkipReason::not_a_file, "no regular file any more");
  if (code == EFBIG) {
    return refuse(file, SkipReason::too_large, "more than " + std::to_string(max_file_bytes) + " bytes");
  }
  if (is_machine_fault(code)) {
    return fail(ErrorCode::unavailable, file.path + " can't be read: " + std::strerror(code));
  }
  return refuse(file, SkipReason::unreadable, std::strerror(code));
}

}  // namespace

std::expected<std::string, int> read_file_below(const std::filesystem::path& root, std::string_view path,
                                                std::uint64_t max_bytes) {
  const auto opened = open_below(root, path);
  if (!opened) return std::unexpected(opened.error());
  struct stat status{};
  if (::fstat(opened->get(), &status) != 0) return std::unexpected(errno);
  if (!S_ISREG(status.st_mode)) return std::unexpected(ENXIO);
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) return std::unexpected(EFBIG);
  auto bytes = read_bytes(opened->get(), max_bytes + 1);
  if (bytes && bytes->size() > max_bytes) return std::unexpected(EFBIG);
  return bytes;
}

Result<std::expected<std::string, SkippedFile>> read_source_bytes(const std::filesystem::path& root,
                                                                  const SourceFile& file,
                                                                  std::uint64_t max_file_bytes) {
  if (is_secret_path(file.path)) return refuse(file, SkipReason::secret, "by its name");
  auto bytes = read_file_below(root, file.path, max_file_bytes);
  if (!bytes) return refuse_unread(file, bytes.error(), max_file_bytes);
  if (auto refusal = refuse_content(file.path, *bytes)) {
    return refuse(file, refusal->reason, std::move(refusal->detail));
  }
  return std::move(*bytes);
}

Result<std::expected<FileContent, SkippedFile>> read_source_file(const std::filesystem::path& root,
                                                                 const SourceFile& file, std::uint64_t max_file_bytes) {
  auto read = read_source_bytes(root, file, max_file_bytes);
  if (!read) return std::unexpected(read.error());
  if (!*read) return std::expected<FileContent, SkippedFile>(std::unexpected(std::move(read->error())));
  auto hash = git_blob_id(**read);
  return FileContent{std::move(**read), std::move(hash)};
}

}  // namespace codehelper
