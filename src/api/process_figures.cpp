#include "codehelper/api/process_figures.hpp"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "codehelper/base/version.hpp"

namespace codehelper {

namespace {

// Fields of /proc/self/stat counted from 1 as in proc(5); the second one may hold spaces and ends with the last ')'.
double stat_field(const std::string& stat, int number) {
  std::istringstream rest(stat.substr(stat.rfind(')') + 1));
  std::string field;
  for (int at = 3; at <= number; ++at) rest >> field;
  return std::strtod(field.c_str(), nullptr);
}

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void record_process_figures(Metrics& metrics) {
  metrics.set("codehelper_build_info", "The version that runs.", {{"version", std::string(version())}}, 1);

  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    metrics.raise("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {},
                  seconds(usage.ru_utime) + seconds(usage.ru_stime));
  }
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    metrics.set("process_max_fds", "Maximum number of open file descriptors.", {},
                static_cast<double>(descriptors.rlim_cur));
  }
  std::error_code error;
  const std::filesystem::directory_iterator open_files("/proc/self/fd", error);
  if (!error) {
    const auto count = std::distance(begin(open_files), end(open_files));
    metrics.set("process_open_fds", "Number of open file descriptors.", {}, static_cast<double>(count));
  }
  std::ifstream stream("/proc/self/stat");
  const std::string stat{std::istreambuf_iterator<char>(stream), {}};
  struct sysinfo machine{};
  if (!stat.empty() && ::sysinfo(&machine) == 0) {
    constexpr int kStartTime = 22;  // in clock ticks since boot
    constexpr int kResidentPages = 24;
    const double age = static_cast<double>(machine.uptime) -
                       stat_field(stat, kStartTime) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    metrics.set("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", {},
                seconds_since_1970() - age);
    metrics.set("process_resident_memory_bytes", "Resident memory size in bytes.", {},
                stat_field(stat, kResidentPages) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  }
}

}  // namespace codehelper
