// A file descriptor that closes itself, and reading one.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <expected>
#include <string>
#include <utility>

namespace codehelper {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  /// It is the caller's to close then.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

/// Up to `limit_bytes`, or the errno. Blocks.
std::expected<std::string, int> read_bytes(int descriptor, std::size_t limit_bytes);

}  // namespace codehelper
