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

// The number behind "NAME:" at the beginning of a line; 0 when there is none.
std::uint64_t find_number(std::string_view text, std::string_view name) {
  const std::string begin = "\n" + std::string(name) + ":";
  const std::size_t at = text.find(begin);
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + begin.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

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
    if (text) bytes += (find_number(*text, "Pss_Anon") + find_number(*text, "Pss_Shmem")) * kKibibyte;
  }
  return bytes;
}

/// User and system time, fields 14 and 15 of proc(5)'s stat; 0 when it can't be read.
std::uint64_t find_ticks(std::string_view stat) {
  constexpr int kFieldsBefore = 11;  // behind the name, which may hold anything, and the blank after it
  stat.remove_prefix(std::min(stat.rfind(')') + 2, stat.size()));
  std::uint64_t ticks = 0;
  for (int field = 0; field < kFieldsBefore + 2; ++field) {
    const std::size_t end = std::min(stat.find(' '), stat.size());
    std::uint64_t number = 0;
    const std::string_view text = stat.substr(0, end);
    if (field >= kFieldsBefore) std::from_chars(text.data(), text.data() + text.size(), number);
    ticks += number;
    stat.remove_prefix(std::min(end + 1, stat.size()));
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
    usage.tasks += static_cast<std::uint32_t>(find_number(*text, "Threads"));
    usage.memory_bytes += (find_number(*text, "RssAnon") + find_number(*text, "RssShmem")) * kKibibyte;
    usage.largest_bytes = std::max(usage.largest_bytes, find_number(*text, "VmRSS") * kKibibyte);
  }
  if (usage.memory_bytes > precise_from_bytes) usage.memory_bytes = measure_shares(processes);
  return usage;
}

}  // namespace codehelper
