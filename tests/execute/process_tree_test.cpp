// Commands that do what they can to survive. Each test ends with a look through /proc for the run's mark.
#include "execute/process_tree.hpp"

#include <catch2/catch.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <optional>
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

TEST_CASE("process tree: of the owner's children only those that came from another session are ended") {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t own = fork_sleeper();
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t middle = ::fork();
  if (middle == 0) {
    ::setsid();
    const pid_t orphan = fork_sleeper();
    ::_exit(::write(pipe[1], &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
  }
  pid_t orphan = 0;
  REQUIRE(::read(pipe[0], &orphan, sizeof orphan) == sizeof orphan);
  REQUIRE(::waitpid(middle, nullptr, 0) == middle);

  std::size_t rounds = 0;
  while (end_adopted_children() > 0) ++rounds;

  CHECK(rounds > 0);
  CHECK(::kill(orphan, 0) != 0);
  CHECK(::waitpid(own, nullptr, WNOHANG) == 0);
  CHECK(::kill(own, SIGKILL) == 0);
  CHECK(::waitpid(own, nullptr, 0) == own);
  ::close(pipe[0]);
  ::close(pipe[1]);
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

namespace {

// Defines `spawner` and `supervisor`, and goes on in a daemon of a session of its own while the command waits.
constexpr const char* kDaemonOfCommand =
    "supervisor = os.getppid()\n"
    "status = open(f'/proc/{supervisor}/status').read()\n"
    "spawner = int(status.split('PPid:')[1].split()[0])\n"
    "if os.fork() != 0: time.sleep(600)\n"
    "os.setsid()\n"
    "if os.fork() != 0: os._exit(0)\n";

}  // namespace

TEST_CASE("process tree: a daemon that kills the spawner and the supervisor is ended all the same") {
  const auto victims = GENERATE(values<const char*>({"spawner, supervisor", "supervisor, spawner"}));

  const auto begin = Clock::now();
  const auto result = run_hostile(std::string(kDaemonOfCommand) + "for victim in (" + victims +
                                      "): os.kill(victim, signal.SIGKILL)\n"
                                      "time.sleep(600)\n",
                                  std::chrono::seconds(60));

  CHECK(result.exit_code == -SIGKILL);
  CHECK(Clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("process tree: a daemon that kills both and moves on by forking is caught") {
  const auto result = run_hostile(std::string(kDaemonOfCommand) +
                                      "os.kill(spawner, signal.SIGKILL)\n"
                                      "os.kill(supervisor, signal.SIGKILL)\n"
                                      "while True:\n"
                                      "    os.setsid() if os.fork() == 0 else os._exit(0)\n",
                                  std::chrono::seconds(60));

  CHECK(result.exit_code == -SIGKILL);
}

TEST_CASE("process tree: stopping the spawner and killing the supervisor does not stop the time limit") {
  ChildRun child;
  child.plan.timeout = std::chrono::seconds(1);
  child.set_python("import os, signal, time\n" + std::string(kDaemonOfCommand) +
                   "os.kill(spawner, signal.SIGSTOP)\n"
                   "os.kill(supervisor, signal.SIGKILL)\n"
                   "time.sleep(600)\n");

  const auto result = child.run();

  REQUIRE(result.has_value());
  CHECK(result->timed_out);
  CHECK(child.processes_left() == 0);
}

TEST_CASE("process tree: killing the spawner and stopping the supervisor does not stop the time limit") {
  ChildRun child;
  child.plan.timeout = std::chrono::seconds(1);
  child.set_python("import os, signal, time\n" + std::string(kDaemonOfCommand) +
                   "os.kill(spawner, signal.SIGKILL)\n"
                   "os.kill(supervisor, signal.SIGSTOP)\n"
                   "time.sleep(600)\n");

  const auto result = child.run();

  REQUIRE(result.has_value());
  CHECK(result->timed_out);
  CHECK(child.processes_left() == 0);
}

TEST_CASE("process tree: runs of a killed spawner go on beside one that kills all that looks after it") {
  ChildRun hostile;
  ChildRun innocent;
  EventLoop loop;
  Spawner spawner(loop, kThisProgram);
  innocent.set_python("import time\nprint('begun'); time.sleep(1); print('done')");
  hostile.set_python("import os, signal, time\n" + std::string(kDaemonOfCommand) +
                     "os.kill(spawner, signal.SIGKILL)\nos.kill(supervisor, signal.SIGKILL)\ntime.sleep(600)\n");
  std::optional<Result<CommandResult>> first;
  std::optional<Result<CommandResult>> second;
  const auto keep = [&](std::optional<Result<CommandResult>>& place) {
    return [&](const std::exception_ptr&, Result<CommandResult> result) {
      place = std::move(result);
      if (first && second) loop.stop();
    };
  };
  innocent.options.on_output = [&](OutputStream, std::string_view text) {
    if (!text.starts_with("begun")) return;
    boost::asio::co_spawn(loop.executor(), run_spawned(loop, spawner, hostile.plan, {}), keep(second));
  };
  boost::asio::co_spawn(loop.executor(), run_spawned(loop, spawner, innocent.plan, innocent.options), keep(first));

  loop.run();

  REQUIRE((first->has_value() && second->has_value()));
  CHECK((*first)->exit_code == 0);
  CHECK((*first)->standard_output == "begun\ndone\n");
  CHECK((*second)->exit_code == -SIGKILL);
  CHECK(hostile.processes_left() == 0);
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
