// Opening below a folder without ever following a link.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "codehelper/base/file_descriptor.hpp"

namespace codehelper {

inline FileDescriptor open_folder_at(int folder, const std::string& name) {
  return FileDescriptor(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Never waits for the other end of a FIFO.
inline FileDescriptor open_file_at(int folder, const std::string& name) {
  return FileDescriptor(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

/// Whether an errno tells of the machine, not of the file: who takes it for an unreadable file forgets files that are
/// there.
inline bool is_machine_fault(int code) {
  return code == EIO || code == EMFILE || code == ENFILE || code == ENOMEM || code == ESTALE;
}

}  // namespace codehelper
