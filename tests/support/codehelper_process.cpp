#include "support/codehelper_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <iterator>
#include <thread>

namespace codehelper::test {

namespace {

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<char*> to_pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string find_program() {
  const char* given = std::getenv("TEST_BINARY");
  return given == nullptr ? CODEHELPER_BINARY : given;
}

}  // namespace

void pause_briefly() {
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

CodehelperProcess::CodehelperProcess(std::vector<std::string> arguments, Variables variables) {
  const std::string program = find_program();
  arguments.insert(arguments.begin(), program);
  variables.emplace("PATH", CODEHELPER_TEST_PATH);
  variables.emplace("HOME", files_.path().string());
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables) environment.push_back(fmt::format("{}={}", name, value));

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string output = files_.path() / "stdout";
  const std::string errors = files_.path() / "stderr";
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int error = posix_spawn(&pid_, program.c_str(), &actions, nullptr, to_pointers(arguments).data(),
                                to_pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("the executable could not be started");
}

CodehelperProcess::~CodehelperProcess() {
  if (has_ended()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, &status_, 0);
}

bool CodehelperProcess::has_ended() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return ended_;
}

std::string CodehelperProcess::wait_for_url() {
  constexpr std::string_view kMark = "listening on ";
  wait_for_text("listening on http://", std::chrono::seconds(20));
  wait_until("a whole line", std::chrono::seconds(5),
             [&] { return errors().find('\n', errors().find(kMark)) != std::string::npos; });
  const std::string text = errors();
  const std::size_t begin = text.find(kMark) + kMark.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

void CodehelperProcess::wait_for_text(const std::string& text, std::chrono::seconds limit) {
  wait_until("\"" + text + "\" on standard error", limit, [&] {
    if (errors().find(text) != std::string::npos) return true;
    if (has_ended() && errors().find(text) == std::string::npos) {
      throw std::runtime_error("the process ended without \"" + text + "\": " + errors());
    }
    return false;
  });
}

void CodehelperProcess::signal(int number) const {
  ::kill(pid_, number);
}

int CodehelperProcess::wait(std::chrono::seconds limit) {
  wait_until("the end of the process", limit, [&] { return has_ended(); });
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

std::string CodehelperProcess::output() const {
  return read_file(files_.path() / "stdout");
}
std::string CodehelperProcess::errors() const {
  return read_file(files_.path() / "stderr");
}

RunOutcome run_codehelper(std::vector<std::string> arguments, Variables variables) {
  CodehelperProcess process(std::move(arguments), std::move(variables));
  const int exit_code = process.wait(std::chrono::seconds(240));
  return {exit_code, process.output(), process.errors()};
}

}  // namespace codehelper::test
