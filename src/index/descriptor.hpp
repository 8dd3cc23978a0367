// A file descriptor that closes itself, and opening below a folder without ever following a link.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace codehelper {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }

  int get() const { return value_; }
  bool is_open() const { return value_ >= 0; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_ = -1;
};

inline Descriptor open_folder_at(int folder, const std::string& name) {
  return Descriptor(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Never waits for the other end of a FIFO.
inline Descriptor open_file_at(int folder, const std::string& name) {
  return Descriptor(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

/// Whether an errno tells of the machine, not of the file: who takes it for an unreadable file forgets files that are
/// there.
inline bool is_machine_fault(int code) {
  return code == EIO || code == EMFILE || code == ENFILE || code == ENOMEM || code == ESTALE;
}

/// Up to `limit_bytes`, or the errno.
std::expected<std::string, int> read_bytes(int descriptor, std::size_t limit_bytes);

}  // namespace codehelper
