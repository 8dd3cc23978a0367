// Processes as /proc shows them. All of it may have changed by the time it is read.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

/// Nothing when the process has ended or may not be looked at.
std::optional<std::string> read_process_file(const std::string& path);

/// The fields of /proc/PID/stat behind the process's name, which may hold anything: the first one is proc(5)'s third,
/// the state. Views into `stat`; empty when it is none.
std::vector<std::string_view> split_stat(std::string_view stat);

/// Children of all threads of a process: an orphan is given to any of them.
std::vector<pid_t> list_children(pid_t process);

}  // namespace codehelper
