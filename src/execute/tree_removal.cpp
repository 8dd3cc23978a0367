#include "tree_removal.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

namespace codehelper {

namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// Gives the right to list and change it first.
FileDescriptor open_for_removal(int parent, const char* name) {
  FileDescriptor directory(::openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.is_open()) return directory;
  ::chmod(fmt::format("/proc/self/fd/{}", directory.get()).c_str(), S_IRWXU);
  return FileDescriptor(::openat(directory.get(), ".", kOpenDirectory));
}

std::vector<std::string> list_names(const FileDescriptor& directory) {
  std::vector<std::string> names;
  const int listed = ::openat(directory.get(), ".", kOpenDirectory);
  if (listed < 0) return names;
  DIR* const stream = ::fdopendir(listed);
  if (stream == nullptr) {
    ::close(listed);
    return names;
  }
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(stream);
  return names;
}

}  // namespace

TreeRemoval::TreeRemoval(const std::filesystem::path& directory)
    : path_(directory), top_(open_for_removal(AT_FDCWD, directory.c_str())) {}

bool TreeRemoval::step(std::chrono::milliseconds slice) {
  const auto end = std::chrono::steady_clock::now() + slice;
  if (!top_.is_open()) return true;
  if (!is_listed_) {
    waiting_ = list_names(top_);
    is_listed_ = true;
  }
  while (!waiting_.empty()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    const std::string name = std::move(waiting_.back());
    waiting_.pop_back();
    if (::unlinkat(top_.get(), name.c_str(), 0) == 0) continue;
    if (::unlinkat(top_.get(), name.c_str(), AT_REMOVEDIR) == 0) continue;
    empty(name);
  }
  ::rmdir(path_.c_str());
  return true;
}

// Its directories are moved up beside it, so that no more than three are open however deep they are.
void TreeRemoval::empty(const std::string& name) {
  const FileDescriptor directory = open_for_removal(top_.get(), name.c_str());
  if (!directory.is_open()) return;
  for (const std::string& entry : list_names(directory)) {
    if (::unlinkat(directory.get(), entry.c_str(), 0) == 0) continue;
    if (::unlinkat(directory.get(), entry.c_str(), AT_REMOVEDIR) == 0) continue;
    open_for_removal(directory.get(), entry.c_str());  // the right to move it
    std::string moved;
    do {
      moved = fmt::format("removed-{}", ++moved_);
    } while (::renameat2(directory.get(), entry.c_str(), top_.get(), moved.c_str(), RENAME_NOREPLACE) != 0 &&
             errno == EEXIST);
    waiting_.push_back(std::move(moved));
  }
  ::unlinkat(top_.get(), name.c_str(), AT_REMOVEDIR);
}

void remove_tree(const std::filesystem::path& directory) {
  TreeRemoval removal(directory);
  while (!removal.step(std::chrono::hours(1))) {
  }
}

}  // namespace codehelper
