#include "process_tree.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "process_list.hpp"

namespace codehelper {

std::size_t kill_children(std::span<const pid_t> spared) {
  std::size_t found = 0;
  for (const pid_t child : list_children(::getpid())) {
    if (std::ranges::find(spared, child) != spared.end()) continue;
    ::kill(child, SIGKILL);
    ++found;
  }
  return found;
}

std::size_t end_adopted_children() {
  const pid_t session = ::getsid(0);
  std::size_t found = 0;
  for (const pid_t child : list_children(::getpid())) {
    if (::getsid(child) == session) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, WNOHANG);
    ++found;
  }
  return found;
}

}  // namespace codehelper
