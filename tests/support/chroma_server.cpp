#include "support/chroma_server.hpp"

#include <sys/wait.h>

#include <csignal>
#include <stdexcept>

#include "support/node_process.hpp"

namespace codehelper::test {

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
  pid_ = start_node({CODEHELPER_TEST_CHROMA, "run", "--path", data, "--port", port});
  if (wait_for_answer(pid_, url() + "/api/v2/heartbeat")) return;
  pid_ = -1;
  throw std::runtime_error("Chroma does not start");
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
