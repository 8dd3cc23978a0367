#include "codehelper/base/file_descriptor.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace codehelper {

std::expected<std::string, int> read_bytes(int descriptor, std::size_t limit_bytes) {
  constexpr std::size_t kStep = 64 * 1024;
  struct stat status{};
  const bool has_size = ::fstat(descriptor, &status) == 0 && status.st_size > 0;
  std::string bytes;
  // One byte more, so that the end is seen without growing.
  bytes.reserve(std::min(has_size ? static_cast<std::size_t>(status.st_size) + 1 : kStep, limit_bytes));
  ssize_t count = 1;
  while (count != 0 && bytes.size() < limit_bytes) {
    const auto before = bytes.size();
    const auto room = bytes.capacity() > before ? bytes.capacity() : before + kStep;
    bytes.resize_and_overwrite(std::min(room, limit_bytes), [&](char* buffer, std::size_t size) {
      count = ::read(descriptor, buffer + before, size - before);
      return before + static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    });
    if (count < 0 && errno != EINTR) return std::unexpected(errno);
  }
  return bytes;
}

}  // namespace codehelper
