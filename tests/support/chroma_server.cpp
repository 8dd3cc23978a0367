#include "support/chroma_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>

#include "codehelper/net/http_client.hpp"

namespace codehelper::test {

namespace {

constexpr std::chrono::seconds kStartLimit{60};

int find_free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool is_bound = ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(descriptor);
  if (!is_bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

bool answers(const std::string& url) {
  EventLoop loop(1);
  HttpClientOptions options;
  options.base_url = url;
  auto client = HttpClient::make(loop, std::move(options)).value();
  HttpCall call;
  call.target = "/api/v2/heartbeat";
  call.limit = std::chrono::seconds(1);
  const auto answer = run_until_done(loop, client->call({}, std::move(call)));
  return answer && answer->status == 200;
}

}  // namespace

ChromaServer::ChromaServer(std::filesystem::path data) : data_(std::move(data)), port_(find_free_port()) {
  start();
}

std::string ChromaServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

void ChromaServer::start() {
  if (!std::filesystem::exists(CODEHELPER_TEST_CHROMA)) {
    throw std::runtime_error("Chroma is not installed: run deploy/setup.sh --tests");
  }
  std::filesystem::create_directories(data_);
  const std::string data = data_.string();
  const std::string port = std::to_string(port_);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    // It must not outlive a test that is killed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (const int standard : {0, 1, 2}) ::dup2(nowhere, standard);
    ::execlp("node", "node", CODEHELPER_TEST_CHROMA, "run", "--path", data.c_str(), "--port", port.c_str(), nullptr);
    ::_exit(127);
  }
  const auto end = std::chrono::steady_clock::now() + kStartLimit;
  while (!answers(url())) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0 || std::chrono::steady_clock::now() > end) {
      pid_ = -1;
      throw std::runtime_error("Chroma does not start");
    }
  }
}

void ChromaServer::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void ChromaServer::freeze() const {
  ::kill(pid_, SIGSTOP);
}

void ChromaServer::thaw() const {
  ::kill(pid_, SIGCONT);
}

}  // namespace codehelper::test
