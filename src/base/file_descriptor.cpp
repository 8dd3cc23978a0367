#include "codehelper/base/file_descriptor.hpp"

#include <algorithm>
#include <cerrno>

namespace codehelper {

std::expected<std::string, int> read_bytes(int descriptor, std::size_t limit_bytes) {
  constexpr std::size_t kStep = 64 * 1024;
  std::string bytes;
  while (bytes.size() < limit_bytes) {
    const auto before = bytes.size();
    bytes.resize(std::min(before + kStep, limit_bytes));
    const auto count = ::read(descriptor, bytes.data() + before, bytes.size() - before);
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) break;
    if (count < 0 && errno != EINTR) return std::unexpected(errno);
  }
  return bytes;
}

}  // namespace codehelper
