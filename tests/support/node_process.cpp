#include "support/node_process.hpp"

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

bool answers(const std::string& url) {
  EventLoop loop(1);
  HttpClientOptions options;
  options.base_url = url;
  auto client = HttpClient::make(loop, std::move(options)).value();
  HttpCall call;
  call.target = "";
  call.limit = std::chrono::seconds(1);
  const auto answer = run_until_done(loop, client->call({}, std::move(call)));
  return answer && answer->status == 200;
}

}  // namespace

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

pid_t start_node(const std::vector<std::string>& arguments) {
  std::vector<char*> argv = {const_cast<char*>("node")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  // It must not outlive a test that is killed.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int standard : {0, 1, 2}) ::dup2(nowhere, standard);
  ::execvp("node", argv.data());
  ::_exit(127);
}

bool wait_for_answer(pid_t process, const std::string& url) {
  const auto end = std::chrono::steady_clock::now() + kStartLimit;
  while (!answers(url)) {
    if (::waitpid(process, nullptr, WNOHANG) != 0 || std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

}  // namespace codehelper::test
