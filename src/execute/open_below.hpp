// Opening files below a directory without following links.
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <string>

#include "codehelper/base/file_descriptor.hpp"

namespace codehelper {

/// Not open, with errno set, where there is nothing, or ELOOP where a link is on the way. `path` is relative and may be
/// "."; the flags get O_CLOEXEC.
inline FileDescriptor open_below(const FileDescriptor& directory, const std::string& path, int flags, mode_t mode = 0) {
  open_how how{.flags = static_cast<unsigned>(flags) | O_CLOEXEC,
               .mode = mode,
               .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return FileDescriptor(static_cast<int>(::syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how)));
}

/// Where a path below a directory is made or removed.
struct DirectoryEntry {
  FileDescriptor parent;  // not open where it isn't there
  std::string name;
};
inline DirectoryEntry open_entry(const FileDescriptor& directory, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  return {open_below(directory, parent, O_PATH | O_DIRECTORY), path.substr(slash + 1)};
}

}  // namespace codehelper
