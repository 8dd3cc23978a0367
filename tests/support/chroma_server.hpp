// The real Chroma server on a free port of the loopback interface, for as long as the object lives.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace codehelper::test {

class ChromaServer {
 public:
  /// Starts it over the data in `data`, and returns when it answers; throws when it does not.
  explicit ChromaServer(std::filesystem::path data);
  ~ChromaServer() { kill(); }
  ChromaServer(const ChromaServer&) = delete;
  ChromaServer& operator=(const ChromaServer&) = delete;

  std::string url() const;
  /// With SIGKILL; returns when it is gone.
  void kill();
  /// Stops and continues the process: frozen, it accepts and never answers.
  void freeze() const;
  void thaw() const;
  /// Again, on the same port.
  void start();

 private:
  std::filesystem::path data_;
  int port_;
  pid_t pid_ = -1;
};

}  // namespace codehelper::test
