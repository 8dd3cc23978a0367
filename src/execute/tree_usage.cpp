#include "tree_usage.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "process_list.hpp"

namespace codehelper {

namespace {

std::vector<pid_t> list_descendants() {
  std::vector<pid_t> found = list_children(::getpid());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::vector<pid_t> children = list_children(found[i]);
    found.insert(found.end(), children.begin(), children.end());
  }
  return found;
}

constexpr std::uint64_t kKibibyte = 1024;

std::uint64_t measure_shares(const std::vector<pid_t>& processes) {
  std::uint64_t bytes = 0;
  for (const pid_t process : processes) {
    const auto text = read_process_file("/proc/" + std::to_string(process) + "/smaps_rollup");
    if (text) bytes += (find_number(*text, "Pss_Anon:") + find_number(*text, "Pss_Shmem:")) * kKibibyte;
  }
  return bytes;
}

/// User and system time in clock ticks, fields 14 and 15; 0 when they can't be read.
std::uint64_t find_ticks(std::string_view stat) {
  constexpr std::size_t kUser = 11;  // of what is behind the name
  const std::vector<std::string_view> fields = split_stat(stat);
  std::uint64_t ticks = 0;
  for (std::size_t i = kUser; i < std::min(fields.size(), kUser + 2); ++i) {
    std::uint64_t number = 0;
    std::from_chars(fields[i].data(), fields[i].data() + fields[i].size(), number);
    ticks += number;
  }
  return ticks;
}

}  // namespace

std::uint64_t measure_cpu_microseconds() {
  constexpr std::uint64_t kMicroseconds = 1'000'000;
  std::uint64_t ticks = 0;
  for (const pid_t process : list_descendants()) {
    const auto stat = read_process_file("/proc/" + std::to_string(process) + "/stat");
    if (stat) ticks += find_ticks(*stat);
  }
  return ticks * kMicroseconds / static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
}

TreeUsage measure_descendants(std::uint64_t precise_from_bytes) {
  TreeUsage usage;
  const std::vector<pid_t> processes = list_descendants();
  for (const pid_t process : processes) {
    const auto text = read_process_file("/proc/" + std::to_string(process) + "/status");
    if (!text) continue;
    usage.tasks += static_cast<std::uint32_t>(find_number(*text, "Threads:"));
    usage.memory_bytes += (find_number(*text, "RssAnon:") + find_number(*text, "RssShmem:")) * kKibibyte;
    usage.largest_bytes = std::max(usage.largest_bytes, find_number(*text, "VmRSS:") * kKibibyte);
  }
  if (usage.memory_bytes > precise_from_bytes) usage.memory_bytes = measure_shares(processes);
  return usage;
}

}  // namespace codehelper
