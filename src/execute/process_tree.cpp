#include "process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

namespace {

std::optional<std::string> read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string content;
  std::array<char, 4096> buffer;
  for (ssize_t size = 0; (size = ::read(file, buffer.data(), buffer.size())) > 0;) {
    content.append(buffer.data(), static_cast<std::size_t>(size));
  }
  ::close(file);
  return content;
}

std::optional<pid_t> parse_number(std::string_view text) {
  pid_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<pid_t> parse_numbers(std::string_view text) {
  std::vector<pid_t> numbers;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (const auto number = parse_number(text.substr(0, end))) numbers.push_back(*number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return numbers;
}

// The parent in /proc/PID/stat: "PID (name) state parent …"; the name may hold anything.
std::optional<pid_t> parse_parent(std::string_view stat) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos || name_end + 4 > stat.size()) return std::nullopt;
  const std::string_view rest = stat.substr(name_end + 4);
  return parse_number(rest.substr(0, rest.find(' ')));
}

// The entries of a directory that are numbers.
std::vector<pid_t> list_numbers(const char* path) {
  std::vector<pid_t> numbers;
  DIR* directory = ::opendir(path);
  if (directory == nullptr) return numbers;
  while (const dirent* entry = ::readdir(directory)) {
    if (const auto number = parse_number(entry->d_name)) numbers.push_back(*number);
  }
  ::closedir(directory);
  return numbers;
}

// For kernels without CONFIG_PROC_CHILDREN.
std::vector<pid_t> find_children_by_scan() {
  std::vector<pid_t> children;
  for (const pid_t process : list_numbers("/proc")) {
    const auto stat = read_file("/proc/" + std::to_string(process) + "/stat");
    if (stat && parse_parent(*stat) == ::getpid()) children.push_back(process);
  }
  return children;
}

// Of all threads: an orphan is given to any of them.
std::vector<pid_t> list_children() {
  std::vector<pid_t> children;
  for (const pid_t thread : list_numbers("/proc/self/task")) {
    const auto listed = read_file("/proc/self/task/" + std::to_string(thread) + "/children");
    if (!listed) return find_children_by_scan();
    const std::vector<pid_t> some = parse_numbers(*listed);
    children.insert(children.end(), some.begin(), some.end());
  }
  return children;
}

}  // namespace

std::size_t kill_children(std::span<const pid_t> spared) {
  std::size_t found = 0;
  for (const pid_t child : list_children()) {
    if (std::ranges::find(spared, child) != spared.end()) continue;
    ::kill(child, SIGKILL);
    ++found;
  }
  return found;
}

std::size_t end_adopted_children() {
  const pid_t session = ::getsid(0);
  std::size_t found = 0;
  for (const pid_t child : list_children()) {
    if (::getsid(child) == session) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, WNOHANG);
    ++found;
  }
  return found;
}

}  // namespace codehelper
