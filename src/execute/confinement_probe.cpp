// The command that tries to break out. It prints a line for each attempt that came through, and exits with 0 when it
// could do what every command must be able to do. Nothing it does would do harm if it succeeded.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "codehelper/execute/sandbox.hpp"

namespace codehelper {

namespace {

struct Targets {
  std::string outside;  // directory with a file
  std::uint16_t stream_port = 0;
  std::uint16_t datagram_port = 0;
  std::string abstract_socket;
  pid_t process = 0;  // 0 = it has a number in another namespace than ours
};

template <class Number>
Number parse_number(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool can_open(const char* path, int flags) {
  const int file = ::open(path, flags | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
  return file >= 0;
}

// Files without a name leave nothing behind.
bool can_write_outside(const Targets& targets) {
  for (const char* directory : {targets.outside.c_str(), "/", "/usr", "/etc", "/root", "/var"}) {
    if (can_open(directory, O_TMPFILE | O_WRONLY)) return true;
  }
  return can_open((targets.outside + "/file").c_str(), O_WRONLY);
}

sockaddr_in make_loopback_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool can_connect(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  const sockaddr_in address = make_loopback_address(port);
  const bool is_connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return is_connected;
}

void send_datagram(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  const sockaddr_in address = make_loopback_address(port);
  ::sendto(socket, "x", 1, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::close(socket);
}

void connect_abstract(const std::string& name) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), std::min(name.size(), sizeof address.sun_path - 1));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), size) != 0) errno = 0;  // the other end sees it
  ::close(socket);
}

bool has_loopback() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return false;
  sockaddr_in address = make_loopback_address(0);
  socklen_t size = sizeof address;
  const bool works = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     ::listen(listener, 1) == 0 &&
                     ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
                     can_connect(ntohs(address.sin_port));
  ::close(listener);
  return works;
}

bool can_make_refused_call() {
  constexpr int kProcessKeyring = -2;
  const bool has_keys = ::syscall(SYS_keyctl, 0, kProcessKeyring, 0) >= 0;
  return has_keys || ::unshare(CLONE_NEWUTS) == 0;
}

bool has_capabilities() {
  __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> held{};
  if (::syscall(SYS_capget, &head, held.data()) != 0) return true;
  for (const auto& part : held) {
    if ((part.effective | part.permitted | part.inheritable) != 0) return true;
  }
  return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

// In a process namespace of its own the command comes right after its first process, whatever that is outside.
bool can_reach_process(pid_t process) {
  constexpr pid_t kSecond = 2;
  return process == 0 ? ::getpid() != kSecond : ::kill(process, 0) == 0;
}

void tell_if(bool came_through, const char* what) {
  if (came_through) std::puts(what);
}

void try_to_break_out(const Targets& targets) {
  const std::string file = targets.outside + "/file";
  tell_if(can_write_outside(targets), "wrote_outside");
  tell_if(can_open(file.c_str(), O_RDONLY), "read_outside");
  tell_if(::chmod(file.c_str(), 0600) == 0, "changed_outside");
  can_connect(targets.stream_port);
  send_datagram(targets.datagram_port);
  connect_abstract(targets.abstract_socket);
  tell_if(has_loopback(), "has_loopback");
  tell_if(can_reach_process(targets.process), "reached_process");
  tell_if(can_make_refused_call(), "made_refused_call");
  tell_if(has_capabilities(), "has_capabilities");
}

// In its working directory.
bool can_work() {
  const int file = ::open("probe", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool works =
      ::write(file, "x", 1) == 1 && can_open("/dev/null", O_WRONLY) && can_open("/proc/self/maps", O_RDONLY);
  ::close(file);
  return works && ::rename("probe", "probed") == 0 && ::unlink("probed") == 0;
}

}  // namespace

int run_confinement_probe(int argc, char** argv) {
  constexpr int kArguments = 7;
  if (argc != kArguments) return 2;
  const Targets targets{.outside = argv[2],
                        .stream_port = parse_number<std::uint16_t>(argv[3]),
                        .datagram_port = parse_number<std::uint16_t>(argv[4]),
                        .abstract_socket = argv[5],
                        .process = parse_number<pid_t>(argv[6])};
  try_to_break_out(targets);
  if (!can_work()) {
    std::perror("codehelper: a file in the project can't be made, renamed or removed");
    return 1;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace codehelper
