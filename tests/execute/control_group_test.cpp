// The real groups need root and a machine that has them: elsewhere those tests say so and check that there is none.
#include "../../src/execute/control_group.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "execute/child_run.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::ChildRun;
using codehelper::test::TemporaryDirectory;
using Version = ControlGroupPlace::Version;
namespace fs = std::filesystem;

namespace {

// Exit status of what is done in a process of its own.
int run_apart(const std::function<bool()>& act) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(act() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

struct CountedRun : ChildRun {
  explicit CountedRun(const std::string& script) {
    set_python(script);
    plan.sandbox.mechanisms.add(Mechanism::control_group);
    plan.sandbox.limits = {.memory_bytes = 100 << 20, .tasks = 20};
  }
};

// Of version 2, as a folder of plain files: what would be written to the kernel can be read there.
struct DrawnGroup {
  DrawnGroup() { group.make(); }
  std::string read(const std::string& name) const {
    std::ifstream file(directory.path() / "run" / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& name, const std::string& text) { directory.write("run/" + name, text); }

  TemporaryDirectory directory;
  ControlGroup group{{Version::two, directory.path().string(), directory.path().string()}, "run"};
};

}  // namespace

TEST_CASE("control groups: version 1 is found by its controllers, below the root that is mounted") {
  const std::string own = "8:pids:/\n4:cpu,memory:/docker/abc/inner\n0::/\n";
  const std::string mounts =
      "30 25 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755\n"
      "31 30 0:27 /docker/abc /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,cpu,memory\n"
      "32 30 0:28 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n";

  const auto place = parse_control_groups(own, mounts);

  REQUIRE(place);
  CHECK(place->version == Version::one);
  CHECK(place->memory == "/sys/fs/cgroup/memory/inner");
  CHECK(place->tasks == "/sys/fs/cgroup/pids");
}

TEST_CASE(
    "control groups: version 2 comes first where it has memory and pids, and the Runner's own group is left out") {
  TemporaryDirectory directory;
  const std::string mounted = directory.path().string();
  const std::string mounts =
      "40 30 0:30 / " + mounted + " rw - cgroup2 cgroup2 rw,nsdelegate\n" +
      "31 30 0:27 / /m rw - cgroup cgroup rw,memory\n32 30 0:28 / /p rw - cgroup cgroup rw,pids\n";
  const std::string both = "0::/system.slice/runner.service/codehelper-server\n4:memory:/\n8:pids:/\n";
  directory.write("system.slice/runner.service/codehelper-server/cgroup.controllers", "cpu memory pids\n");
  directory.write("hybrid/cgroup.controllers", "hugetlb\n");

  const auto delegated = parse_control_groups(both, mounts);
  const auto hybrid = parse_control_groups("0::/hybrid\n4:memory:/a\n8:pids:/\n", mounts);
  const auto version_2_only = parse_control_groups("0::/hybrid\n", mounts);

  REQUIRE(delegated);
  CHECK(delegated->version == Version::two);
  CHECK(delegated->memory == mounted + "/system.slice/runner.service");
  CHECK(delegated->tasks == delegated->memory);
  REQUIRE(hybrid);
  CHECK(hybrid->version == Version::one);
  CHECK(hybrid->memory == "/m/a");
  CHECK_FALSE(version_2_only);
}

TEST_CASE("control groups: texts that are none are no group") {
  const std::string mounts =
      "31 30 0:27 / /m rw - cgroup cgroup rw,memory\n32 30 0:28 / /p rw - cgroup cgroup rw,pids\n";
  const auto own =
      GENERATE(as<std::string>(), "", "\n", ":", "::", "4:memory", "4:memory:/\n", "4:memories:/\n8:pids:/\n");
  CHECK_FALSE(parse_control_groups(own, mounts));
  CHECK_FALSE(parse_control_groups("4:memory:/\n8:pids:/\n", own));
}

TEST_CASE("control groups: limits go to version 2's files, and its events tell which was passed") {
  DrawnGroup drawn;
  for (const char* name : {"memory.max", "memory.swap.max", "pids.max"}) drawn.write(name, "");

  CHECK(drawn.group.limit({.memory_bytes = 4096, .tasks = 7}));
  CHECK(drawn.read("memory.max") == "4096");
  CHECK(drawn.read("memory.swap.max") == "0");
  CHECK(drawn.read("pids.max") == "8");
  CHECK(drawn.group.find_passed_limit() == RunLimit::none);
  drawn.write("pids.events", "max 3\n");
  CHECK(drawn.group.find_passed_limit() == RunLimit::tasks);
  drawn.write("memory.events", "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n");
  CHECK(drawn.group.find_passed_limit() == RunLimit::memory);
}

TEST_CASE("control groups: a limit that can't be set is told") {
  const DrawnGroup drawn;
  CHECK(drawn.group.limit({}));
  CHECK_FALSE(drawn.group.limit({.memory_bytes = 4096}));
  CHECK_FALSE(drawn.group.limit({.tasks = 7}));
}

TEST_CASE("control groups: a real one takes a process, and goes when that has ended") {
  const auto place = prepare_control_groups();
  if (!place) {
    WARN("none can be made here");
    return;
  }
  const ControlGroup group(*place, "codehelper-" + std::to_string(::getpid()) + "-test");
  REQUIRE(group.make());
  CHECK_FALSE(group.make());

  CHECK(run_apart([&] {
          return group.enter() && group.limit({.memory_bytes = 50 << 20, .tasks = 10}) && !group.remove();
        }) == 0);
  CHECK(group.find_passed_limit() == RunLimit::none);
  CHECK(group.remove());
  CHECK(group.remove());
  CHECK_FALSE(group.enter());
}

TEST_CASE("control groups: what an ended spawner has left is removed, and only that") {
  const auto place = prepare_control_groups();
  if (!place) {
    WARN("none can be made here");
    return;
  }
  const std::string ours = "codehelper-" + std::to_string(::getpid()) + "-1";
  const std::array<ControlGroup, 3> groups{ControlGroup(*place, "codehelper-99999999-1"), ControlGroup(*place, ours),
                                           ControlGroup(*place, "codehelperhostile")};
  for (const ControlGroup& group : groups) REQUIRE(group.make());

  prepare_control_groups();

  CHECK_FALSE(fs::exists(place->memory + "/codehelper-99999999-1"));
  CHECK_FALSE(fs::exists(place->tasks + "/codehelper-99999999-1"));
  CHECK(fs::exists(place->memory + "/" + ours));
  CHECK(fs::exists(place->tasks + "/codehelperhostile"));
  for (const ControlGroup& group : groups) CHECK(group.remove());
}

TEST_CASE("control groups: memory that is taken in a moment is stopped and told") {
  CountedRun run("x = bytearray(b'x') * (300 << 20); print('kept')");

  const auto result = run.run();

  REQUIRE(result);
  if (!result->has_control_group) {
    WARN("none can be made here");
    return;
  }
  CHECK(result->standard_output.empty());
  CHECK(result->exit_code == -9);
  CHECK(result->limit == RunLimit::memory);
}

TEST_CASE("control groups: a child that the kernel ended is told though the command went on") {
  CountedRun run(
      "import os\n"
      "if os.fork() == 0:\n  x = bytearray(b'x') * (300 << 20); os._exit(0)\n"
      "print(os.wait()[1], flush=True); os._exit(3)");

  const auto result = run.run();

  REQUIRE(result);
  if (!result->has_control_group) return;
  CHECK(result->limit == RunLimit::memory);
  const bool is_own_end = result->exit_code == 3 && result->standard_output == "9\n";
  const bool is_ended_at_a_look = result->exit_code == -9;
  CHECK((is_own_end || is_ended_at_a_look));
}

TEST_CASE("control groups: no more tasks than the limit start, however short they live") {
  CountedRun run(
      "import os, time\nn = 0\n"
      "for i in range(60):\n"
      "  try:\n    if os.fork() == 0: time.sleep(0.05); os._exit(0)\n"
      "  except OSError: break\n"
      "  n += 1\n"
      "print(n, flush=True)");

  const auto result = run.run();

  REQUIRE(result);
  if (!result->has_control_group) return;
  CHECK(result->limit == RunLimit::tasks);
  CHECK((result->standard_output.empty() || result->standard_output == "19\n"));  // and the command itself
}

TEST_CASE("control groups: without the mechanism a run is counted from /proc") {
  CountedRun run("import time; x = bytearray(b'x') * (300 << 20); time.sleep(5); print('kept')");
  run.plan.sandbox.mechanisms.remove(Mechanism::control_group);

  const auto result = run.run();

  REQUIRE(result);
  CHECK_FALSE(result->has_control_group);
  CHECK(result->limit == RunLimit::memory);
  CHECK(result->standard_output.empty());
}
