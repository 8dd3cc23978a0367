#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "codehelper/execute/patch.hpp"
#include "open_below.hpp"
#include "patch_header.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kSizeLimit = std::size_t{16} * 1024 * 1024;

Result<std::optional<PatchInput>> read_source(const std::string& root, const std::string& path) {
  if (const auto checked = check_patch_path(path); !checked) return std::unexpected(checked.error());
  const FileDescriptor directory(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return fail(ErrorCode::conflict, "the project can't be opened");
  const FileDescriptor file = open_below(directory, path, O_RDONLY | O_NONBLOCK);
  if (!file.is_open() && errno == ENOENT) return std::nullopt;
  if (!file.is_open() && errno == ELOOP) return fail(ErrorCode::conflict, "it is a link, or beyond one");
  if (!file.is_open()) return fail(ErrorCode::conflict, std::strerror(errno));
  struct stat status{};
  ::fstat(file.get(), &status);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::conflict, "it is no regular file");
  PatchInput source{.content = {}, .is_executable = (status.st_mode & S_IXUSR) != 0};
  while (source.content.size() <= kSizeLimit) {
    constexpr std::size_t kPiece = std::size_t{64} * 1024;
    const std::size_t size = source.content.size();
    source.content.resize(size + kPiece);
    const ssize_t got = ::read(file.get(), source.content.data() + size, kPiece);
    if (got < 0 && errno == EINTR) {
      source.content.resize(size);
      continue;
    }
    if (got < 0) return fail(ErrorCode::conflict, std::strerror(errno));
    source.content.resize(size + static_cast<std::size_t>(got));
    if (got == 0) return source;
  }
  return fail(ErrorCode::conflict, "it is larger than 16 MiB");
}

}  // namespace

PatchSource make_patch_source(std::string project_root) {
  return [root = std::move(project_root)](const std::string& path) { return read_source(root, path); };
}

}  // namespace codehelper
