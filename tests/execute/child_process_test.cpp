#include "codehelper/execute/child_process.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/base/text.hpp"
#include "execute/child_run.hpp"

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace codehelper;
using codehelper::test::ChildRun;
using codehelper::test::kThisProgram;

TEST_CASE("child process: gives exit code, both outputs, their sizes and the time") {
  ChildRun child;
  child.set_command({"sh", "-c", "echo out; echo error >&2; exit 3"});

  const auto result = child.run();

  REQUIRE(result.has_value());
  CHECK(result->exit_code == 3);
  CHECK(result->standard_output == "out\n");
  CHECK(result->standard_error == "error\n");
  CHECK(result->output_bytes == 4);
  CHECK(result->error_bytes == 6);
  CHECK_FALSE(result->timed_out);
  CHECK_FALSE(result->output_truncated);
  CHECK_FALSE(result->error_truncated);
  CHECK(result->duration_seconds > 0);
  CHECK(result->duration_seconds < 5);
}

TEST_CASE("child process: a signal that ends the command is its negative exit code") {
  for (const int signal : {SIGKILL, SIGSEGV, SIGTERM, SIGHUP}) {
    ChildRun child;
    child.set_command({"sh", "-c", "kill -" + std::to_string(signal) + " $$"});

    const auto result = child.run();

    REQUIRE(result.has_value());
    CHECK(result->exit_code == -signal);
    CHECK_FALSE(result->timed_out);
  }
}

TEST_CASE("child process: 127 for what is missing and 126 for what is not executable, with a word on standard error") {
  ChildRun child;
  child.plan.arguments = {"tool"};

  const auto not_installed = child.run();
  child.plan.executable = child.directory.path() / "tool";
  const auto vanished = child.run();
  child.directory.write("tool", "#!/missing/interpreter\n");
  fs::permissions(child.plan.executable, fs::perms::owner_all);
  const auto no_interpreter = child.run();
  child.directory.write("tool", "no program at all");
  const auto no_program = child.run();
  fs::permissions(child.plan.executable, fs::perms::owner_read);
  const auto not_executable = child.run();

  REQUIRE((not_installed && vanished && no_interpreter && no_program && not_executable));
  CHECK(not_installed->exit_code == 127);
  CHECK(not_installed->standard_error.starts_with("tool: not installed"));
  CHECK(vanished->exit_code == 127);
  CHECK(vanished->standard_error == "tool: No such file or directory\n");
  CHECK(no_interpreter->exit_code == 127);
  CHECK(no_program->exit_code == 126);
  CHECK(not_executable->exit_code == 126);
  CHECK(not_executable->standard_error == "tool: Permission denied\n");
}

TEST_CASE("child process: the command gets exactly the environment and the directory of the plan") {
  ChildRun child;
  child.plan.env = {{"A", "1"}, {"B", "two words=x"}, {"EMPTY", ""}};
  child.plan.cwd = child.directory.write("sub/file", "").parent_path();
  child.set_command({"env"});
  const auto environment = child.run();
  child.set_command({"pwd", "-P"});
  const auto directory = child.run();

  REQUIRE((environment && directory));
  CHECK(environment->standard_output == "A=1\nB=two words=x\nEMPTY=\n");
  CHECK(directory->standard_output == child.plan.cwd.string() + "\n");
}

TEST_CASE("child process: a directory that was exchanged for a link is not entered") {
  ChildRun child;
  child.plan.cwd = child.directory.path() / "sub";
  fs::create_directory_symlink("/usr", child.plan.cwd);
  child.set_command({"pwd"});

  const auto result = child.run();

  REQUIRE(result.has_value());
  CHECK(result->exit_code == 126);
  CHECK(result->standard_output.empty());
}

TEST_CASE("child process: the command starts clean: no input, no descriptors, a session and a mask of its own") {
  ChildRun child;
  const ::mode_t mask = ::umask(077);
  child.set_command({"sh", "-c", "wc -c; ls /proc/$$/fd; umask; echo $$; ps -o sid= -p $$ | tr -d ' '"});

  const auto result = child.run();
  ::umask(mask);

  REQUIRE(result.has_value());
  const std::string& text = result->standard_output;
  const std::string before_pid = "0\n0\n1\n2\n0022\n";
  REQUIRE(text.starts_with(before_pid));
  const std::string pid = text.substr(before_pid.size(), text.find('\n', before_pid.size()) - before_pid.size());
  CHECK(text == before_pid + pid + "\n" + pid + "\n");
}

TEST_CASE("child process: the command starts with no signal blocked or ignored") {
  ChildRun child;
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before{};
  ::sigaction(SIGHUP, &ignore, &before);
  child.set_command({"grep", "-E", "SigBlk|SigIgn", "/proc/self/status"});

  const auto result = child.run();
  ::sigaction(SIGHUP, &before, nullptr);

  REQUIRE(result.has_value());
  const std::string& text = result->standard_output;
  const std::string labels = "SigBlk:\t0000000000000000\nSigIgn:\t";
  REQUIRE(text.starts_with(labels));
  // 32 and 33 belong to the C library, which lets nobody change them.
  CHECK((std::stoull(text.substr(labels.size()), nullptr, 16) & 0x7FFF'FFFFU) == 0);
}

TEST_CASE("child process: arguments of nearly a mebibyte arrive") {
  ChildRun child;
  std::vector<std::string> command{"sh", "-c", "echo $#"};
  for (int i = 0; i < 8; ++i) command.emplace_back(120 * 1024, 'x');
  child.set_command(command);

  const auto result = child.run();

  REQUIRE(result.has_value());
  CHECK(result->standard_output == "7\n");
}

TEST_CASE("child process: output comes in valid pieces while the command runs, and whole in the result") {
  ChildRun child;
  std::string output;
  std::string error;
  bool all_valid = true;
  child.options.on_output = [&](OutputStream stream, std::string_view piece) {
    all_valid = all_valid && !piece.empty() && to_valid_utf8(piece) == piece;
    (stream == OutputStream::standard_output ? output : error) += piece;
  };
  child.set_python(
      "import os, sys, time\n"
      "for byte in b'a\\xe2\\x82\\xac\\xff\\xf0\\x9f':\n"
      "    os.write(1, bytes([byte])); time.sleep(0.01)\n"
      "sys.stderr.write('problem')\n");

  const auto result = child.run();

  REQUIRE(result.has_value());
  CHECK(all_valid);
  CHECK(output == "a€\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(result->standard_output == output);
  CHECK(result->output_bytes == 7);
  CHECK(error == "problem");
  CHECK(result->standard_error == "problem");
}

TEST_CASE("child process: keeps the beginning and the end of a flood and counts all of it") {
  ChildRun child;
  child.options.keep_bytes = 1000;
  child.set_command({"sh", "-c", "echo first; yes | head -c 50000000; echo last; yes | head -c 3000 >&2"});

  const auto result = child.run();

  REQUIRE(result.has_value());
  CHECK(result->output_truncated);
  CHECK(result->output_bytes == 50'000'011);
  CHECK(result->standard_output.starts_with("first\ny\n"));
  CHECK(result->standard_output.contains("[… 49998011 bytes left out …]"));
  CHECK(result->standard_output.ends_with("y\nlast\n"));
  CHECK(result->error_truncated);
  CHECK(result->error_bytes == 3000);
}

TEST_CASE("child process: the time limit gives the output so far") {
  ChildRun child;
  child.plan.timeout = std::chrono::seconds(1);
  child.set_python("import time; print('so far'); time.sleep(60)");

  const auto result = child.run();

  REQUIRE(result.has_value());
  CHECK(result->timed_out);
  CHECK(result->exit_code == -1);
  CHECK(result->standard_output == "so far\n");
  CHECK(result->standard_error == " (timeout)");
  CHECK(result->duration_seconds >= 1);
  CHECK(result->duration_seconds < 2);
  CHECK(child.processes_left() == 0);
}

TEST_CASE("child process: a command that ends in the second of grace is still a timeout, with its last words") {
  ChildRun child;
  child.plan.timeout = std::chrono::seconds(1);
  child.set_python(
      "import signal, sys, time\n"
      "signal.signal(signal.SIGTERM, lambda *_: (print('cleaned up'), sys.exit(0)))\n"
      "time.sleep(60)\n");

  const auto result = child.run();

  REQUIRE(result.has_value());
  CHECK(result->timed_out);
  CHECK(result->exit_code == -1);
  CHECK(result->standard_output == "cleaned up\n");
}

TEST_CASE("child process: cancelling ends the tree first") {
  ChildRun child;
  EventLoop loop;
  asio::cancellation_signal cancellation;
  child.options.on_output = [&](OutputStream, std::string_view) {
    cancellation.emit(asio::cancellation_type::terminal);
  };
  child.set_python(
      "import os, signal, time\n"
      "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
      "if os.fork() == 0: os.setsid(); time.sleep(600)\n"
      "print('started'); time.sleep(600)\n");
  std::optional<Result<CommandResult>> result;

  asio::co_spawn(loop.executor(), run_child(loop, kThisProgram, child.plan, child.options),
                 asio::bind_cancellation_slot(cancellation.slot(), [&](const std::exception_ptr&, auto outcome) {
                   result = std::move(outcome);
                 }));
  loop.run();

  REQUIRE(result.has_value());
  REQUIRE_FALSE(result->has_value());
  CHECK(result->error().code == ErrorCode::cancelled);
  CHECK(child.processes_left() == 0);
}

namespace {

// A system on which the embedded helper program can't be put into an anonymous file.
class NoAnonymousFiles {
 public:
  NoAnonymousFiles() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoAnonymousFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  NoAnonymousFiles(const NoAnonymousFiles&) = delete;
  NoAnonymousFiles& operator=(const NoAnonymousFiles&) = delete;

 private:
  void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before_{};
};

}  // namespace

TEST_CASE("child process: runs without the embedded helper program too") {
  ChildRun child;
  child.set_command({"readlink", "/proc/self/exe"});
  std::optional<Result<CommandResult>> result;
  {
    const NoAnonymousFiles limited;
    result = child.run();
  }

  REQUIRE(result->has_value());
  CHECK((*result)->exit_code == 0);
  CHECK((*result)->standard_output.contains("readlink"));
}

TEST_CASE("child process: an executable that is no supervisor is an error, not a hang") {
  ChildRun child;
  child.set_command({"true"});
  EventLoop loop;
  std::optional<Result<CommandResult>> missing;
  std::optional<Result<CommandResult>> wrong;
  {
    const NoAnonymousFiles limited;
    missing = run_until_done(loop, run_child(loop, "/missing/codehelper", child.plan, {}));
    wrong = run_until_done(loop, run_child(loop, "/usr/bin/true", child.plan, {}));
  }

  REQUIRE_FALSE(missing->has_value());
  CHECK(missing->error().code == ErrorCode::internal);
  CHECK(missing->error().message.contains("/missing/codehelper"));
  REQUIRE_FALSE(wrong->has_value());
  CHECK(wrong->error().code == ErrorCode::internal);
}
