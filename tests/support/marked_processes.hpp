// Finds the processes of one run by a mark in their environment, which children inherit whatever else they do.
#pragma once

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace codehelper::test {

inline constexpr const char* kMarkVariable = "RUN_MARK";

/// How many living processes carry the mark.
inline int count_marked_processes(const std::string& mark) {
  int count = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (std::isdigit(static_cast<unsigned char>(name.front())) == 0) continue;
    std::ifstream file(entry->path() / "environ", std::ios::binary);
    const std::string environment((std::istreambuf_iterator<char>(file)), {});
    if (environment.contains(std::string(kMarkVariable) + "=" + mark)) ++count;
  }
  return count;
}

}  // namespace codehelper::test
