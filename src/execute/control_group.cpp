#include "control_group.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>

#include "process_list.hpp"

namespace codehelper {

namespace {

using Version = ControlGroupPlace::Version;

constexpr std::string_view kPrefix = "codehelper-";        // then the spawner's process id, "-", and a number
constexpr std::string_view kServer = "codehelper-server";  // where the Runner itself goes, with version 2

bool write_file(const std::string& path, std::string_view text) {
  return write_process_file(path, text) == 0;
}

bool holds(std::string_view list, char separator, std::string_view name) {
  const std::vector<std::string_view> names = split(list, separator);
  return std::ranges::find(names, name) != names.end();
}

bool has_both_controllers(const std::string& list) {
  const std::string_view words = std::string_view(list).substr(0, list.find('\n'));
  return holds(words, ' ', "memory") && holds(words, ' ', "pids");
}

// The path of this process's group in the hierarchy of that controller; "" names version 2's.
std::optional<std::string_view> find_own_path(std::string_view own, std::string_view controller) {
  constexpr std::size_t kFields = 3;  // number:controllers:path
  for (const std::string_view line : split(own, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < kFields || !holds(fields[1], ',', controller)) continue;
    return line.substr(fields[0].size() + fields[1].size() + 2);
  }
  return std::nullopt;
}

// Where that hierarchy's group `path` is seen; proc_pid_mountinfo(5). Paths with spaces are written in octal there, and
// then not found.
std::optional<std::string> find_directory(std::string_view mounts, std::string_view controller, std::string_view path) {
  constexpr std::size_t kRoot = 3;
  constexpr std::size_t kMountPoint = 4;
  const std::string_view wanted = controller.empty() ? "cgroup2" : "cgroup";
  for (const std::string_view line : split(mounts, '\n')) {
    const std::size_t middle = line.find(" - ");
    if (middle == std::string_view::npos) continue;
    const std::vector<std::string_view> mount = split(line.substr(0, middle), ' ');
    const std::vector<std::string_view> system = split(line.substr(middle + 3), ' ');  // type, source, options
    if (mount.size() <= kMountPoint || system.size() < 3 || system[0] != wanted) continue;
    if (!controller.empty() && !holds(system[2], ',', controller)) continue;
    const std::string_view root = mount[kRoot] == "/" ? "" : mount[kRoot];
    if (!path.starts_with(root)) continue;
    const std::string_view below = path.substr(root.size());
    return std::string(mount[kMountPoint]).append(below == "/" ? "" : below);
  }
  return std::nullopt;
}

std::optional<std::string> find_own_directory(const std::string& own, const std::string& mounts,
                                              std::string_view controller) {
  const auto path = find_own_path(own, controller);
  return path ? find_directory(mounts, controller, *path) : std::nullopt;
}

// Only what is ours is moved: this process and the one that started it.
bool move_into(const std::string& from, const std::string& to) {
  const std::string processes = read_process_file(from + "/cgroup.procs").value_or("");
  for (const std::string_view process : split(processes, '\n')) {
    const bool is_ours = process == std::to_string(::getpid()) || process == std::to_string(::getppid());
    if (!process.empty() && !is_ours) return false;
  }
  if (::mkdir(to.c_str(), 0755) != 0 && errno != EEXIST) return false;
  return std::ranges::all_of(split(processes, '\n'), [&](std::string_view process) {
    return process.empty() || write_file(to + "/cgroup.procs", process);
  });
}

bool hand_controllers_on(const std::string& group) {
  const std::string enabled = group + "/cgroup.subtree_control";
  if (has_both_controllers(read_process_file(enabled).value_or(""))) return true;
  const std::string server = group + "/" + std::string(kServer);
  if (move_into(group, server) && write_file(enabled, "+memory +pids")) return true;
  move_into(server, group);
  ::rmdir(server.c_str());
  return false;
}

bool is_left_by_ended_spawner(std::string_view name) {
  if (!name.starts_with(kPrefix)) return false;
  name.remove_prefix(kPrefix.size());
  pid_t spawner = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), spawner);
  return parsed.ec == std::errc{} && spawner > 0 && ::kill(spawner, 0) != 0 && errno == ESRCH;
}

void remove_leftovers(const std::string& parent) {
  DIR* directory = ::opendir(parent.c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = ::readdir(directory)) {
    if (is_left_by_ended_spawner(entry->d_name)) ::rmdir((parent + "/" + entry->d_name).c_str());
  }
  ::closedir(directory);
}

std::uint64_t read_count(const std::string& path, std::string_view name) {
  return find_number(read_process_file(path).value_or(""), name);
}

}  // namespace

std::optional<ControlGroupPlace> parse_control_groups(const std::string& own, const std::string& mounts) {
  auto unified = find_own_directory(own, mounts, "");
  if (unified && has_both_controllers(read_process_file(*unified + "/cgroup.controllers").value_or(""))) {
    if (unified->ends_with("/" + std::string(kServer))) unified->resize(unified->size() - kServer.size() - 1);
    return ControlGroupPlace{Version::two, *unified, *unified};
  }
  auto memory = find_own_directory(own, mounts, "memory");
  auto tasks = find_own_directory(own, mounts, "pids");
  if (!memory || !tasks) return std::nullopt;
  return ControlGroupPlace{Version::one, std::move(*memory), std::move(*tasks)};
}

std::optional<ControlGroupPlace> prepare_control_groups() {
  auto place = parse_control_groups(read_process_file("/proc/self/cgroup").value_or(""),
                                    read_process_file("/proc/self/mountinfo").value_or(""));
  if (!place || ::access(place->memory.c_str(), W_OK) != 0 || ::access(place->tasks.c_str(), W_OK) != 0) {
    return std::nullopt;
  }
  if (place->version == Version::two && !hand_controllers_on(place->memory)) return std::nullopt;
  remove_leftovers(place->memory);
  if (place->version == Version::one) remove_leftovers(place->tasks);
  return place;
}

ControlGroup::ControlGroup(const ControlGroupPlace& place, const std::string& name)
    : place_{place.version, place.memory + "/" + name, place.tasks + "/" + name} {}

bool ControlGroup::make() const {
  if (::mkdir(place_.memory.c_str(), 0755) != 0) return false;
  if (place_.version == Version::two || ::mkdir(place_.tasks.c_str(), 0755) == 0) return true;
  ::rmdir(place_.memory.c_str());
  return false;
}

bool ControlGroup::enter() const {
  constexpr std::string_view kThisProcess = "0";
  if (!write_file(place_.memory + "/cgroup.procs", kThisProcess)) return false;
  return place_.version == Version::two || write_file(place_.tasks + "/cgroup.procs", kThisProcess);
}

bool ControlGroup::limit(const RunLimits& limits) const {
  if (limits.tasks != 0) {
    const std::string tasks = std::to_string(limits.tasks + 1);  // the supervisor is in it, too
    if (!write_file(place_.tasks + "/pids.max", tasks)) return false;
  }
  if (limits.memory_bytes == 0) return true;
  const std::string bytes = std::to_string(limits.memory_bytes);
  // Nothing is put into swap space beyond the limit; kernels that don't count that have no such file.
  if (place_.version == Version::two) {
    write_file(place_.memory + "/memory.swap.max", "0");
    return write_file(place_.memory + "/memory.max", bytes);
  }
  if (!write_file(place_.memory + "/memory.limit_in_bytes", bytes)) return false;
  write_file(place_.memory + "/memory.memsw.limit_in_bytes", bytes);
  return true;
}

RunLimit ControlGroup::find_passed_limit() const {
  const char* events = place_.version == Version::two ? "/memory.events" : "/memory.oom_control";
  if (read_count(place_.memory + events, "oom_kill ") > 0) return RunLimit::memory;
  if (read_count(place_.tasks + "/pids.events", "max ") > 0) return RunLimit::tasks;
  return RunLimit::none;
}

bool ControlGroup::remove() const {
  const bool has_left_tasks = place_.version == Version::two || ::rmdir(place_.tasks.c_str()) == 0 || errno == ENOENT;
  return (::rmdir(place_.memory.c_str()) == 0 || errno == ENOENT) && has_left_tasks;
}

}  // namespace codehelper
