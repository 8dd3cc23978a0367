#include "spawner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <utility>

#include "codehelper/base/file_descriptor.hpp"
#include "helper_program.hpp"
#include "process_tree.hpp"

namespace codehelper {

namespace asio = boost::asio;

namespace {

struct Pair {
  FileDescriptor ours;
  FileDescriptor theirs;
};

bool make_pipe(Pair& pair) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pair.ours = FileDescriptor(ends[0]);
  pair.theirs = FileDescriptor(ends[1]);
  return true;
}

bool make_connection(int type, Pair& pair) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
  pair.ours = FileDescriptor(ends[0]);
  pair.theirs = FileDescriptor(ends[1]);
  return true;
}

std::unexpected<Error> fail_with_errno(const char* what) {
  return fail(ErrorCode::internal, std::string(what) + ": " + std::strerror(errno));
}

// posix_spawn() is vfork-like in glibc: its cost does not grow with our memory, and it is safe with threads. The helper
// gets a process group of its own (Ctrl-C is for us) in our session (see end_adopted_children()), no signal set aside
// or blocked, an empty environment, and no descriptor but its orders and our standard error for its last words.
int spawn_helper(const std::string& executable, int orders, pid_t& process) {
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::posix_spawnattr_setsigmask(&attributes, &signals);
  ::sigfillset(&signals);
  ::posix_spawnattr_setsigdefault(&attributes, &signals);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, orders, kOrdersDescriptor);

  std::string name = "codehelper";
  std::string mode(kSupervisorMode);
  std::array<char*, 3> arguments{name.data(), mode.data(), nullptr};
  std::array<char*, 1> environment{nullptr};
  const int error =
      ::posix_spawn(&process, executable.c_str(), &actions, &attributes, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

// True when the child ended within the limit.
bool wait_for_exit(pid_t process, int limit_milliseconds) {
  const FileDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  pollfd event{handle.get(), POLLIN, 0};
  return ::poll(&event, 1, limit_milliseconds) > 0;
}

}  // namespace

Spawner::Spawner(EventLoop& loop, std::filesystem::path executable) : loop_(loop), executable_(std::move(executable)) {}

Spawner::~Spawner() {
  if (process_ < 0) return;
  ::close(std::exchange(orders_, -1));  // it leaves by itself when it sees this
  constexpr int kLeaveLimit = 2000;
  wait_for_exit(process_, kLeaveLimit);
  stop();
  reap_lost_supervisors();
}

void Spawner::stop() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
  lost_groups_.push_back(std::exchange(process_, -1));
  if (orders_ >= 0) ::close(std::exchange(orders_, -1));
}

// Only supervisors are in these groups, and as long as one of them is not reaped, the number of its group is not used
// anew.
void Spawner::reap_lost_supervisors() {
  std::erase_if(lost_groups_, [](pid_t group) {
    pid_t reaped = 0;
    while ((reaped = ::waitpid(-group, nullptr, WNOHANG)) > 0) continue;
    return reaped < 0 && errno == ECHILD;
  });
}

void Spawner::signal_lost_supervisors(int signal) {
  reap_lost_supervisors();
  for (const pid_t group : lost_groups_) ::kill(-group, signal);
}

bool Spawner::end_orphans(pid_t helper, pid_t supervisor) {
  // A dying process closes its connections before it leaves its children to us, so first see both of them dead.
  if (process_ == helper) stop();
  if (supervisor > 0 && ::waitpid(supervisor, nullptr, WNOHANG) == 0) return false;
  reap_lost_supervisors();
  return end_adopted_children() == 0;
}

Result<void> Spawner::launch() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Pair connection;
  if (!make_connection(SOCK_SEQPACKET, connection)) return fail_with_errno("cannot make a connection");
  pid_t process = -1;
  const FileDescriptor helper(open_helper_program());
  int error = ENOENT;
  if (helper.get() >= 0) {
    error = spawn_helper("/proc/self/fd/" + std::to_string(helper.get()), connection.theirs.get(), process);
  }
  // Some systems execute no anonymous files; the same modes are in this program.
  if (error != 0) error = spawn_helper(executable_.string(), connection.theirs.get(), process);
  if (error != 0) {
    return fail(ErrorCode::internal, "cannot start " + executable_.string() + ": " + std::strerror(error));
  }
  process_ = process;
  orders_ = connection.ours.release();
  return {};
}

Result<Spawner::StartedRun> Spawner::start() {
  reap_lost_supervisors();
  Pair control;
  Pair output;
  Pair error;
  if (!make_connection(SOCK_STREAM, control) || !make_pipe(output) || !make_pipe(error)) {
    return fail_with_errno("cannot make pipes for a command");
  }
  const RunDescriptors descriptors{control.theirs.get(), output.theirs.get(), error.theirs.get()};
  const SpawnOrder order{.run = ++last_run_};
  if (orders_ < 0 || !send_order(orders_, order, descriptors)) {
    stop();  // it was killed, or takes nothing any more
    const auto launched = launch();
    if (!launched) return std::unexpected(launched.error());
    if (!send_order(orders_, order, descriptors)) return fail_with_errno("cannot reach the helper process");
  }
  auto& context = loop_.context();
  return StartedRun{.id = order.run,
                    .helper = process_,
                    .control = {context, asio::local::stream_protocol(), control.ours.release()},
                    .standard_output = {context, output.ours.release()},
                    .standard_error = {context, error.ours.release()}};
}

void Spawner::kill_supervisor(std::uint64_t run) {
  const SpawnOrder order{.kind = SpawnOrder::Kind::kill_supervisor, .run = run};
  if (orders_ < 0 || !send_order(orders_, order, {})) stop();
  signal_lost_supervisors(SIGCONT);  // the helper process would have done it
}

void Spawner::abandon() {
  stop();
  signal_lost_supervisors(SIGKILL);
}

}  // namespace codehelper
