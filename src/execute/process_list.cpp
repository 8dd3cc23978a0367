#include "process_list.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace codehelper {

namespace {

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

std::optional<pid_t> parse_parent(std::string_view stat) {
  const std::vector<std::string_view> fields = split_stat(stat);
  return fields.size() < 2 ? std::nullopt : parse_number(fields[1]);
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
std::vector<pid_t> find_children_by_scan(pid_t parent) {
  std::vector<pid_t> children;
  for (const pid_t process : list_numbers("/proc")) {
    const auto stat = read_process_file("/proc/" + std::to_string(process) + "/stat");
    if (stat && parse_parent(*stat) == parent) children.push_back(process);
  }
  return children;
}

bool has_children_files() {
  return ::access("/proc/thread-self/children", F_OK) == 0;
}

}  // namespace

std::vector<std::string_view> split_stat(std::string_view stat) {
  std::vector<std::string_view> fields;
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return fields;
  stat.remove_prefix(std::min(name_end + 2, stat.size()));
  while (!stat.empty()) {
    const std::size_t end = std::min(stat.find(' '), stat.size());
    fields.push_back(stat.substr(0, end));
    stat.remove_prefix(std::min(end + 1, stat.size()));
  }
  return fields;
}

std::optional<std::string> read_process_file(const std::string& path) {
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

std::vector<pid_t> list_children(pid_t process) {
  std::vector<pid_t> children;
  const std::string threads = "/proc/" + std::to_string(process) + "/task/";
  for (const pid_t thread : list_numbers(threads.c_str())) {
    const auto listed = read_process_file(threads + std::to_string(thread) + "/children");
    if (!listed && errno == ENOENT && !has_children_files()) return find_children_by_scan(process);
    if (!listed) continue;  // it has just ended
    const std::vector<pid_t> some = parse_numbers(*listed);
    children.insert(children.end(), some.begin(), some.end());
  }
  return children;
}

}  // namespace codehelper
