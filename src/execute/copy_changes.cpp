#include "copy_changes.hpp"

#include <cerrno>
#include <string_view>

namespace codehelper {

namespace {

int write_all(const FileDescriptor& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int write_file(const FileDescriptor& copy, const PatchedFile& file) {
  struct stat owner{};
  if (::fstat(copy.get(), &owner) != 0) return errno;
  for (std::size_t end = file.path.find('/'); end != std::string::npos; end = file.path.find('/', end + 1)) {
    const DirectoryEntry directory = open_entry(copy, file.path.substr(0, end));
    if (::mkdirat(directory.parent.get(), directory.name.c_str(), 0755) == 0) give_to_owner(directory, owner);
  }
  const DirectoryEntry entry = open_entry(copy, file.path);
  if (!entry.parent.is_open()) return errno;
  struct stat before{};
  if (::fstatat(entry.parent.get(), entry.name.c_str(), &before, AT_SYMLINK_NOFOLLOW) == 0) owner = before;
  ::unlinkat(entry.parent.get(), entry.name.c_str(), 0);
  const mode_t mode = file.is_executable ? 0755 : 0644;
  const FileDescriptor made = open_below(copy, file.path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!made.is_open()) return errno;
  if (const int error = write_all(made, *file.content)) return error;
  give_to_owner(entry, owner);
  return 0;
}

void remove_file(const FileDescriptor& copy, std::string path) {
  DirectoryEntry entry = open_entry(copy, path);
  if (!entry.parent.is_open() || ::unlinkat(entry.parent.get(), entry.name.c_str(), 0) != 0) return;
  while (path.contains('/')) {
    path.resize(path.rfind('/'));
    entry = open_entry(copy, path);
    if (::unlinkat(entry.parent.get(), entry.name.c_str(), AT_REMOVEDIR) != 0) return;
  }
}

}  // namespace

void give_to_owner(const DirectoryEntry& entry, const struct stat& owner) {
  if (::geteuid() != 0) return;
  if (::fchownat(entry.parent.get(), entry.name.c_str(), owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
    errno = 0;  // a root without that right has files of its own only
  }
}

int write_changes(const FileDescriptor& copy, const std::vector<PatchedFile>& changes, std::string& failed) {
  for (const PatchedFile& file : changes) {
    if (!file.content) remove_file(copy, file.path);
  }
  for (const PatchedFile& file : changes) {
    if (!file.content) continue;
    if (const int error = write_file(copy, file)) {
      failed = file.path;
      return error;
    }
  }
  return 0;
}

}  // namespace codehelper
