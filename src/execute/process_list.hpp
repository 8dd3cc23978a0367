// Processes as /proc shows them, and the kernel's other small files. All of it may have changed by the time it is read.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

/// Nothing when the process has ended or may not be looked at.
std::optional<std::string> read_process_file(const std::string& path);
/// In one write, as the kernel wants it. 0 or an errno.
int write_process_file(const std::string& path, std::string_view text);

/// One part more than there are separators.
std::vector<std::string_view> split(std::string_view text, char separator);
/// The number behind `name` at the beginning of a line, with blanks between; 0 when there is none.
std::uint64_t find_number(std::string_view text, std::string_view name);

/// The fields of /proc/PID/stat behind the process's name, which may hold anything: the first one is proc(5)'s third,
/// the state. Views into `stat`; empty when it is none.
std::vector<std::string_view> split_stat(std::string_view stat);

/// Children of all threads of a process: an orphan is given to any of them.
std::vector<pid_t> list_children(pid_t process);

}  // namespace codehelper
