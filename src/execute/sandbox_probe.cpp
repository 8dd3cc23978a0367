#include "sandbox_probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace codehelper {

namespace fs = std::filesystem;

namespace {

// A directory that the command gets, and beside it one with a file that it must not reach.
class ProbeFiles {
 public:
  explicit ProbeFiles(const fs::path& directory) {
    std::error_code error;
    std::string pattern = (directory / "codehelper-probe-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return;
    root_ = fs::canonical(pattern, error);
    fs::create_directory(inside(), error);
    fs::create_directory(outside(), error);
    std::ofstream(outside() / "file") << "secret";
  }
  ~ProbeFiles() {
    std::error_code ignored;
    if (!root_.empty()) fs::remove_all(root_, ignored);
  }
  ProbeFiles(const ProbeFiles&) = delete;
  ProbeFiles& operator=(const ProbeFiles&) = delete;

  bool are_there() const { return !root_.empty(); }
  fs::path inside() const { return root_ / "inside"; }
  fs::path outside() const { return root_ / "outside"; }

 private:
  fs::path root_;
};

// Sockets of ours that the command must not reach. Where none can be bound, none can be reached.
class ProbeListener {
 public:
  explicit ProbeListener(int type) : socket_(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_bound = ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (is_bound && type == SOCK_STREAM) ::listen(socket_, 1);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = std::to_string(ntohs(address.sin_port));
  }
  // An abstract socket of that name.
  explicit ProbeListener(const std::string& name)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0) ::listen(socket_, 1);
  }
  ~ProbeListener() { ::close(socket_); }
  ProbeListener(const ProbeListener&) = delete;
  ProbeListener& operator=(const ProbeListener&) = delete;

  const std::string& port() const { return port_; }
  bool has_connection() const {
    const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) ::close(connection);
    return connection >= 0;
  }
  bool has_datagram() const {
    char byte = 0;
    return ::recv(socket_, &byte, sizeof byte, MSG_DONTWAIT) > 0;
  }

 private:
  int socket_;
  std::string port_;
};

CommandPlan make_command(const fs::path& executable, const ProbeFiles& files, SandboxPlan sandbox) {
  std::error_code error;
  CommandPlan plan;
  plan.executable = "/proc/self/exe";  // whichever of our programs the supervisor is
  plan.arguments = {"codehelper", std::string(kConfinementProbeMode)};
  plan.project = plan.cwd = files.inside();
  plan.timeout = std::chrono::seconds(10);
  sandbox.readable.push_back(fs::canonical(executable, error).string());
  sandbox.writable = {files.inside().string()};
  plan.sandbox = std::move(sandbox);
  return plan;
}

}  // namespace

Result<ProbeOutcome> probe_confinement(EventLoop& loop, const ProbePlaces& places, SandboxPlan plan) {
  const ProbeFiles files(places.directory);
  if (!files.are_there()) {
    return fail(ErrorCode::internal,
                "the confinement can't be tried: no directory can be made in " + places.directory.string());
  }
  const ProbeListener stream(SOCK_STREAM);
  const ProbeListener datagrams(SOCK_DGRAM);
  const std::string name = files.inside().parent_path().filename().string();
  const ProbeListener abstract(name);
  const bool is_alone = plan.mechanisms.has(Mechanism::pid_namespace);  // then our number may be that of its own child

  CommandPlan command = make_command(places.executable, files, std::move(plan));
  const std::string process = is_alone ? "0" : std::to_string(::getpid());
  command.arguments.insert(command.arguments.end(),
                           {files.outside().string(), stream.port(), datagrams.port(), name, process});
  auto result = run_until_done(loop, run_child(loop, places.executable, std::move(command), {}));
  if (!result) return std::unexpected(result.error());
  ProbeOutcome outcome;
  outcome.failure = result->sandbox_failure;
  if (outcome.failure) return outcome;
  if (result->exit_code != 0) {
    return fail(ErrorCode::unavailable, "a confined command can't work here: exit status " +
                                            std::to_string(result->exit_code) + " " + result->standard_error);
  }
  const auto tells = [&](const char* finding) { return result->standard_output.contains(finding); };
  outcome.wrote_outside = tells("wrote_outside\n");
  outcome.read_outside = tells("read_outside\n");
  outcome.changed_outside = tells("changed_outside\n");
  outcome.reached_network = stream.has_connection() || datagrams.has_datagram();
  outcome.reached_abstract_socket = abstract.has_connection();
  outcome.has_loopback = tells("has_loopback\n");
  outcome.reached_process = tells("reached_process\n");
  outcome.made_refused_call = tells("made_refused_call\n");
  outcome.has_capabilities = tells("has_capabilities\n");
  outcome.has_control_group = result->has_control_group;
  return outcome;
}

}  // namespace codehelper
