// Commands that do what they can to survive. Each test ends with a look through /proc for the run's mark.
#include "execute/process_tree.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "execute/child_run.hpp"
#include "execute/spawner.hpp"

using namespace codehelper;
using codehelper::test::ChildRun;
using codehelper::test::kThisProgram;
using Clock = std::chrono::steady_clock;

namespace {

pid_t fork_sleeper() {
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  return child;
}

// Runs the script; REQUIREs a result soon after the limit at the latest, and nothing left.
CommandResult run_hostile(const std::string& script, std::chrono::seconds limit = std::chrono::seconds(1)) {
  ChildRun child;
  child.plan.timeout = limit;
  child.set_python("import os, signal, sys, time\n" + script);
  const auto begin = Clock::now();

  const auto result = child.run();

  const auto took = Clock::now() - begin;
  const int left = child.processes_left();
  REQUIRE(result.has_value());
  CHECK(left == 0);
  CHECK(took < limit + std::chrono::seconds(4));
  return *result;
}

}  // namespace

TEST_CASE("process tree: kills children but the spared ones") {
  const pid_t spared = fork_sleeper();
  const pid_t victim = fork_sleeper();

  const std::size_t found = kill_children(std::span(&spared, 1));

  int status = 0;
  CHECK(found == 1);
  CHECK(::waitpid(victim, &status, 0) == victim);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
  CHECK(::waitpid(spared, &status, WNOHANG) == 0);
  CHECK(kill_children({}) == 1);
  CHECK(::waitpid(spared, &status, 0) == spared);
  CHECK(kill_children({}) == 0);
}

TEST_CASE("process tree: a daemon that keeps the pipes does not outlive a command that succeeds") {
  const auto result = run_hostile(
      "if os.fork() == 0:\n"
      "    os.setsid()\n"
      "    if os.fork() == 0: time.sleep(600)\n"
      "    os._exit(0)\n"
      "print('done')\n");

  CHECK(result.exit_code == 0);
  CHECK(result.standard_output == "done\n");
  CHECK_FALSE(result.timed_out);
}

TEST_CASE("process tree: signals that are ignored don't help") {
  const auto result = run_hostile(
      "for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:\n"
      "    signal.signal(number, signal.SIG_IGN)\n"
      "os.fork(); os.fork()\n"
      "time.sleep(600)\n");

  CHECK(result.timed_out);
}

TEST_CASE("process tree: stopped processes are ended") {
  const auto result = run_hostile(
      "if os.fork() == 0: os.setsid(); os.kill(os.getpid(), signal.SIGSTOP)\n"
      "os.kill(os.getpid(), signal.SIGSTOP)\n");

  CHECK(result.timed_out);
}

TEST_CASE("process tree: many children, each in a session of its own") {
  const auto result = run_hostile(
      "for i in range(150):\n"
      "    if os.fork() == 0: os.setsid(); time.sleep(600)\n"
      "print('made')\n",
      std::chrono::seconds(20));

  CHECK(result.exit_code == 0);
  CHECK(result.standard_output == "made\n");
}

TEST_CASE("process tree: a fork bomb is ended") {
  const auto result = run_hostile(
      "count = 0\n"
      "while count < 7:\n"
      "    count += 1\n"
      "    if os.fork() == 0: os.setsid()\n"
      "while True: time.sleep(0.01)\n");

  CHECK(result.timed_out);
}

TEST_CASE("process tree: a target that moves on by forking is caught") {
  const auto result = run_hostile(
      "for i in range(3):\n"
      "    if os.fork() == 0:\n"
      "        while True:\n"
      "            os.setsid()\n"
      "            if os.fork() != 0: os._exit(0)\n"
      "time.sleep(600)\n");

  CHECK(result.timed_out);
}

TEST_CASE("process tree: killing the supervisor ends the command and leaves nothing") {
  const auto result = run_hostile(
      "if os.fork() == 0: os.setsid(); time.sleep(600)\n"
      "os.kill(os.getppid(), signal.SIGKILL)\n"
      "time.sleep(600)\n");

  CHECK(result.exit_code == -SIGKILL);
  CHECK_FALSE(result.timed_out);
  CHECK(result.standard_error.contains("supervisor"));
}

TEST_CASE("process tree: stopping the supervisor does not stop the time limit") {
  const auto result = run_hostile(
      "os.kill(os.getppid(), signal.SIGSTOP)\n"
      "time.sleep(600)\n");

  CHECK(result.timed_out);
}

TEST_CASE("process tree: a killed spawner is replaced, and its runs end as they should") {
  ChildRun child;
  EventLoop loop;
  Spawner spawner(loop, kThisProgram);
  child.set_python(
      "import os, signal\n"
      "status = open(f'/proc/{os.getppid()}/status').read()\n"
      "os.kill(int(status.split('PPid:')[1].split()[0]), signal.SIGKILL)\n"
      "if os.fork() == 0: os.setsid(); signal.pause()\n"
      "print('did it')\n");

  const auto first = run_until_done(loop, run_spawned(loop, spawner, child.plan, {}));
  child.set_command({"echo", "again"});
  const auto second = run_until_done(loop, run_spawned(loop, spawner, child.plan, {}));

  REQUIRE((first && second));
  CHECK(first->exit_code == 0);
  CHECK(first->standard_output == "did it\n");
  CHECK(second->standard_output == "again\n");
  CHECK(child.processes_left() == 0);
}

TEST_CASE("process tree: the end of the owner's connection ends the tree") {
  ChildRun child;
  child.set_python(
      "import os, time\n"
      "if os.fork() == 0: os.setsid()\n"
      "print('started'); time.sleep(600)\n");
  {
    EventLoop loop;
    child.options.on_output = [&loop](OutputStream, std::string_view) { loop.stop(); };
    boost::asio::co_spawn(loop.executor(), run_child(loop, kThisProgram, child.plan, child.options),
                          [](const std::exception_ptr&, const Result<CommandResult>&) {});
    loop.run();
    CHECK(child.processes_left() > 0);
  }  // as when the owner dies: all its descriptors are closed

  const auto limit = Clock::now() + std::chrono::seconds(5);
  while (child.processes_left() > 0 && Clock::now() < limit) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(child.processes_left() == 0);
}
