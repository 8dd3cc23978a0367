// The built executable as its users start it: a process with its own environment, watched through what it writes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace codehelper::test {

using Variables = std::map<std::string, std::string>;

class CodehelperProcess {
 public:
  /// The program of this build, or TEST_BINARY of the test's environment. Its own environment is PATH, a home of its
  /// own, and `variables`; nothing of the test's.
  CodehelperProcess(std::vector<std::string> arguments, Variables variables);
  /// Kills what still runs.
  ~CodehelperProcess();
  CodehelperProcess(const CodehelperProcess&) = delete;
  CodehelperProcess& operator=(const CodehelperProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// "http://127.0.0.1:PORT", once the process says that it listens; throws when it ends or takes over 20 s.
  std::string wait_for_url();
  /// Until standard error holds `text`; throws after `limit` or when the process ends without it.
  void wait_for_text(const std::string& text, std::chrono::seconds limit);
  void signal(int number) const;
  /// Exit status, or -N for signal N; throws after `limit`.
  int wait(std::chrono::seconds limit = std::chrono::seconds(60));
  std::string output() const;
  std::string errors() const;

 private:
  bool has_ended();

  TemporaryDirectory files_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

struct RunOutcome {
  int exit_code = 0;
  std::string output;
  std::string errors;
};
/// Runs to the end.
RunOutcome run_codehelper(std::vector<std::string> arguments, Variables variables = {});

/// Looks at `condition` until it holds; throws with `what` after `limit`.
void wait_until(const std::string& what, std::chrono::seconds limit, auto condition);

void pause_briefly();

void wait_until(const std::string& what, std::chrono::seconds limit, auto condition) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("not within the limit: " + what);
    pause_briefly();
  }
}

}  // namespace codehelper::test
