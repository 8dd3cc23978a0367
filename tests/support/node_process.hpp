// Servers of npm packages, started by tests on free ports of the loopback interface.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace codehelper::test {

/// Throws when there is none.
int find_free_port();

/// `node` with these arguments, silent; it ends with the process that started it. The caller kills and awaits it.
pid_t start_node(const std::vector<std::string>& arguments);

/// Waits, up to a minute, until a GET of `url` is answered with 200; false when the process ends before.
bool wait_for_answer(pid_t process, const std::string& url);

}  // namespace codehelper::test
