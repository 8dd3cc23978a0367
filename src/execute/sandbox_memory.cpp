#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "codehelper/execute/sandbox.hpp"

namespace codehelper {

namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// In control groups of version 2 "max" stands for no limit, which is no number.
std::uint64_t read_limit(const char* path) {
  std::uint64_t limit = kNoLimit;
  std::ifstream file(path);
  return file >> limit ? limit : kNoLimit;
}

}  // namespace

std::uint64_t find_default_memory_limit() {
  constexpr std::uint64_t kMost = std::uint64_t{4} << 30;
  const auto pages = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_PHYS_PAGES)));
  const std::uint64_t machine = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t available = std::min(
      {machine, read_limit("/sys/fs/cgroup/memory.max"), read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes")});
  return std::min(kMost, available / 10 * 6);
}

}  // namespace codehelper
