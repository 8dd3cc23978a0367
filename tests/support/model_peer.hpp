// The independent model server of the tests, npm @copilotkit/aimock, for as long as the object lives.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/wait.h>

#include "support/node_process.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

class ModelPeer {
 public:
  /// `fixtures` is the JSON of a fixture file: {"fixtures":[{"match":{…},"response":{…}}]}. Throws when the package is
  /// not installed.
  explicit ModelPeer(std::string_view fixtures) : port_(find_free_port()) {
    std::ofstream(directory_.path() / "fixtures.json") << fixtures;
    process_ = start_node({CODEHELPER_TEST_MODEL_PEER, "-p", std::to_string(port_), "-f", directory_.path().string()});
    if (wait_for_answer(process_, url() + "/health")) return;
    process_ = -1;
    throw std::runtime_error("aimock does not start: run deploy/setup.sh --tests");
  }
  ~ModelPeer() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  ModelPeer(const ModelPeer&) = delete;
  ModelPeer& operator=(const ModelPeer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  TemporaryDirectory directory_;
  int port_;
  pid_t process_ = -1;
};

}  // namespace codehelper::test
