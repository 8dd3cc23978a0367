#include "copy_place.hpp"

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

#include "tree_removal.hpp"

namespace codehelper {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "codehelper-copy-";
constexpr int kAttempts = 10;

// Only its own user's directories, whatever lies in a place that all may write to.
FileDescriptor lock_directory(const fs::path& path) {
  FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  const bool is_ours = directory.is_open() && ::fstat(directory.get(), &status) == 0 && status.st_uid == ::geteuid() &&
                       ::flock(directory.get(), LOCK_EX | LOCK_NB) == 0;
  return is_ours ? std::move(directory) : FileDescriptor();
}

bool is_there(const FileDescriptor& directory) {
  struct stat status{};
  return ::fstat(directory.get(), &status) == 0 && status.st_nlink > 0;
}

}  // namespace

std::unexpected<Error> fail_copy(const fs::path& parent, const std::string& what, int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return fail(ErrorCode::overloaded,
                fmt::format("there is no room for a copy of the project in {} ({}); make room there or set "
                            "RUNNER_COPY_DIR",
                            parent.string(), std::strerror(error)));
  }
  return fail(ErrorCode::internal,
              fmt::format("{} can't be made in {}: {}", what, parent.string(), std::strerror(error)));
}

Result<CopyPlace> CopyPlace::make(const fs::path& parent) {
  std::error_code error;
  if (fs::create_directories(parent, error)) fs::permissions(parent, fs::perms::owner_all, error);
  const fs::path real = fs::canonical(parent, error);
  if (error) return fail_copy(parent, "a copy of the project", error.value());
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string pattern = (real / (std::string(kPrefix) + "XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr) return fail_copy(real, "a copy of the project", errno);
    // Another process that is just starting may have taken it for a left one before it was locked.
    FileDescriptor lock = lock_directory(pattern);
    if (lock.is_open() && is_there(lock)) return CopyPlace(pattern, std::move(lock));
  }
  return fail_copy(real, "a copy of the project", EBUSY);
}

void remove_left_copies(const fs::path& parent) {
  std::error_code error;
  std::vector<fs::path> left;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with(kPrefix)) left.push_back(entry->path());
  }
  for (const fs::path& path : left) {
    const FileDescriptor lock = lock_directory(path);
    if (lock.is_open()) remove_tree(path);
  }
}

}  // namespace codehelper
