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
  for (const std::string_view part : split(text, ' ')) {
    if (const auto number = parse_number(part)) numbers.push_back(*number);
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

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::uint64_t find_number(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) {
    const std::size_t line = text.find("\n" + std::string(name));
    if (line == std::string_view::npos) return 0;
    text.remove_prefix(line + 1);
  }
  text.remove_prefix(name.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<std::string_view> split_stat(std::string_view stat) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return {};
  return split(stat.substr(std::min(name_end + 2, stat.size())), ' ');
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

int write_process_file(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const int error = ::write(file, text.data(), text.size()) < 0 ? errno : 0;
  ::close(file);
  return error;
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
