#include "codehelper/execute/sandbox.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

#include "../../src/execute/sandbox_level.hpp"
#include "../../src/execute/sandbox_paths.hpp"
#include "execute/child_run.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::kThisProgram;
using codehelper::test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

// A probe that came to what a good confinement gives.
ProbeOutcome good_outcome() {
  ProbeOutcome outcome;
  outcome.has_loopback = true;
  return outcome;
}

SandboxLevel level_of(const ProbeOutcome& outcome, Mechanisms mechanisms) {
  SandboxLevel level;
  describe_level(outcome, mechanisms, NetworkAccess::loopback, level);
  return level;
}

struct Fixture {
  Fixture() {
    rules.mode = SandboxMode::automatic;
    rules.cache_dir = directory.path() / "cache";
    rules.allowed_root = directory.path() / "root";
    rules.executables = {"sh"};
    rules.server_env = {{"PATH", "/usr/bin:/bin"}, {"HOME", directory.path() / "home"}};
    plan.executable = "/usr/bin/sh";
    plan.project = plan.cwd = directory.write("root/project/file", "").parent_path();
    plan.env = {{"PATH", "/usr/bin:/bin"}};
    directory.write("root/other/file", "secret");
  }

  Result<CommandResult> run(const Sandbox& sandbox, const std::string& script) {
    CommandPlan confined = plan;
    confined.arguments = {"sh", "-c", script};
    const auto done = sandbox.confine(confined, request);
    if (!done) return std::unexpected(done.error());
    return run_until_done(loop, run_child(loop, kThisProgram, std::move(confined), {}));
  }

  TemporaryDirectory directory;
  EventLoop loop;
  SandboxRules rules;
  CommandPlan plan;
  ExecuteRequest request;
};

}  // namespace

TEST_CASE("sandbox level: is what the attempts say, not what was asked for") {
  ProbeOutcome leaking = good_outcome();
  leaking.read_outside = true;
  ProbeOutcome open = good_outcome();
  open.reached_network = true;
  ProbeOutcome privileged = good_outcome();
  privileged.has_capabilities = true;

  CHECK(level_of(good_outcome(), Mechanisms::all()).level == "full");
  CHECK(level_of(leaking, Mechanisms::all()).files == "none");
  CHECK(level_of(leaking, Mechanisms::all()).level == "none");
  CHECK(level_of(open, Mechanisms::all()).network == "open");
  CHECK(level_of(open, Mechanisms::all()).level == "basic");
  CHECK(level_of(privileged, Mechanisms::all()).level == "none");
}

TEST_CASE("sandbox level: less than all mechanisms is less than full, and what is missing is told") {
  Mechanisms no_namespaces;
  no_namespaces.add(Mechanism::landlock);
  no_namespaces.add(Mechanism::seccomp);
  ProbeOutcome outcome;
  outcome.changed_outside = true;

  const SandboxLevel level = level_of(outcome, no_namespaces);

  CHECK(level.level == "strong");
  CHECK(level.files.starts_with("landlock"));
  CHECK(level.network == "none");
  CHECK(level.missing.size() == 3);
}

TEST_CASE("sandbox paths: what is hidden inside of a directory is left out, and the rest of it stays") {
  TemporaryDirectory directory;
  directory.write("a/b/hidden/x", "");
  directory.write("a/b/seen/x", "");
  directory.write("a/other", "");
  const fs::path top = directory.path() / "a";

  auto parts = leave_out(top, {top / "b/hidden"});
  std::ranges::sort(parts);

  CHECK(parts == std::vector<fs::path>{top / "b/seen", top / "other"});
  CHECK(leave_out(top, {directory.path()}) == std::vector<fs::path>{top});
  CHECK(leave_out(top, {top}) == std::vector<fs::path>{top});
}

TEST_CASE("sandbox paths: hold system directories and toolchains, not the home, the root or the hashes of passwords") {
  Fixture fixture;
  fixture.directory.write("home/.pyenv/shims/python3", "");
  fixture.directory.write("home/.netrc", "secret");

  const std::vector<std::string> paths = find_readable_paths(fixture.rules);

  const auto has = [&](const fs::path& path) { return std::ranges::find(paths, path.string()) != paths.end(); };
  CHECK(has("/usr"));
  CHECK(has("/etc/passwd"));
  CHECK(has(fixture.directory.path() / "home/.pyenv"));
  CHECK_FALSE(has("/etc"));
  CHECK_FALSE(has("/etc/shadow"));
  CHECK_FALSE(has(fixture.directory.path() / "home"));
  CHECK_FALSE(has(fixture.rules.allowed_root));
}

TEST_CASE("sandbox: without a private /tmp each run has a directory of its own for temporary files") {
  Fixture fixture;
  fixture.rules.allowed.remove(Mechanism::mount_namespace);
  fixture.rules.cache_dir.clear();
  const auto sandbox = Sandbox::open(fixture.loop, kThisProgram, fixture.rules);
  REQUIRE(sandbox);

  const auto one = fixture.run(*sandbox, "echo $TMPDIR; echo x > $TMPDIR/file && ls $TMPDIR");
  const auto other = fixture.run(*sandbox, "echo $TMPDIR; ls $TMPDIR");

  REQUIRE(one);
  REQUIRE(other);
  CHECK(one->standard_output.ends_with("\nfile\n"));
  CHECK(fs::is_directory(other->standard_output.substr(0, other->standard_output.find('\n'))));
  for (const auto& result : {one, other}) {
    std::error_code ignored;
    fs::remove_all(result->standard_output.substr(0, result->standard_output.find('\n')), ignored);
  }
  CHECK(one->standard_output.substr(0, one->standard_output.find('\n')) !=
        other->standard_output.substr(0, other->standard_output.find('\n')));
}

TEST_CASE("sandbox: a confined command has its project and nothing of another one") {
  Fixture fixture;
  const auto sandbox = Sandbox::open(fixture.loop, kThisProgram, fixture.rules);
  REQUIRE(sandbox);
  if (sandbox->level().files == "none") {
    WARN("files can't be confined on this machine");
    return;
  }

  const auto result =
      fixture.run(*sandbox, "cat ../other/file; echo made > here && cat here; echo $CODEHELPER_SANDBOX");

  REQUIRE(result);
  CHECK(result->exit_code == 0);
  CHECK(result->standard_output == "made\n" + sandbox->level().level + "\n");
  CHECK(fs::exists(fixture.plan.project / "here"));
}

TEST_CASE("sandbox: caches of a project stay between its runs and are its own") {
  Fixture fixture;
  const auto sandbox = Sandbox::open(fixture.loop, kThisProgram, fixture.rules);
  REQUIRE(sandbox);

  REQUIRE(fixture.run(*sandbox, "echo kept > ~/cache"));
  const auto again = fixture.run(*sandbox, "cat ~/cache");
  fixture.plan.project = fixture.plan.cwd = fixture.directory.path() / "root/other";
  const auto other = fixture.run(*sandbox, "ls -A ~/cache");

  REQUIRE(again);
  REQUIRE(other);
  CHECK(again->standard_output == "kept\n");
  CHECK(other->exit_code != 0);
}

TEST_CASE("sandbox: what a request sets of the environment stays") {
  Fixture fixture;
  fixture.request.env = fixture.plan.env = {{"HOME", "/somewhere"}, {"GOPATH", "/go"}};
  const auto sandbox = Sandbox::open(fixture.loop, kThisProgram, fixture.rules);
  REQUIRE(sandbox);
  CommandPlan plan = fixture.plan;

  REQUIRE(sandbox->confine(plan, fixture.request));

  CHECK(plan.env.at("HOME") == "/somewhere");
  CHECK(plan.env.at("GOPATH") == "/go");
  CHECK(plan.env.contains("TMPDIR"));
}

TEST_CASE("sandbox: more network than the setting allows is refused, less is given") {
  Fixture fixture;
  const auto sandbox = Sandbox::open(fixture.loop, kThisProgram, fixture.rules);
  fixture.rules.network_on_request = true;
  const auto willing = Sandbox::open(fixture.loop, kThisProgram, fixture.rules);
  REQUIRE(sandbox);
  REQUIRE(willing);
  CommandPlan plan = fixture.plan;

  fixture.request.network = NetworkAccess::full;
  const auto refused = sandbox->confine(plan, fixture.request);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid_input);
  CHECK(willing->confine(plan, fixture.request));
  CHECK(plan.sandbox.network == NetworkAccess::full);
  fixture.request.network = NetworkAccess::none;
  CHECK(sandbox->confine(plan, fixture.request));
  CHECK(plan.sandbox.network == NetworkAccess::none);
}

TEST_CASE(
    "sandbox: without any mechanism `required` refuses and says how to go on, `auto` goes on and says what it is") {
  Fixture fixture;
  fixture.rules.allowed = Mechanisms();
  const auto automatic = Sandbox::open(fixture.loop, kThisProgram, fixture.rules);
  fixture.rules.mode = SandboxMode::required;
  const auto required = Sandbox::open(fixture.loop, kThisProgram, fixture.rules);

  REQUIRE(automatic);
  CHECK(automatic->level().level == "none");
  CHECK(automatic->level().files == "none");
  REQUIRE_FALSE(required);
  CHECK_THAT(required.error().message, Catch::Contains("landlock") && Catch::Contains("RUNNER_SANDBOX=auto"));
}

TEST_CASE("sandbox: a step that fails is told, and the command is not run") {
  Fixture fixture;
  CommandPlan plan = fixture.plan;
  plan.arguments = {"sh", "-c", "echo ran"};
  plan.sandbox.is_on = true;
  plan.sandbox.mechanisms = Mechanisms(static_cast<std::uint32_t>(Mechanism::user_namespace) |
                                       static_cast<std::uint32_t>(Mechanism::mount_namespace));
  plan.sandbox.temporary_bytes = 1 << 20;
  plan.sandbox.writable = {"/no/such/directory"};

  const auto result = run_until_done(fixture.loop, run_child(fixture.loop, kThisProgram, plan, {}));

  REQUIRE(result);
  REQUIRE(result->sandbox_failure);
  CHECK(result->sandbox_failure->error != 0);
  CHECK(result->standard_output.empty());
}

TEST_CASE("sandbox: a run above its output limit is ended, and its digest is that of all it wrote") {
  Fixture fixture;
  CommandPlan plan = fixture.plan;
  plan.arguments = {"sh", "-c", "yes"};
  ChildOptions options;
  options.keep_bytes = 1024;
  options.output_limit_bytes = 1 << 20;

  const auto flood = run_until_done(fixture.loop, run_child(fixture.loop, kThisProgram, plan, options));
  plan.arguments = {"sh", "-c", "printf abc"};
  const auto small = run_until_done(fixture.loop, run_child(fixture.loop, kThisProgram, plan, {}));

  REQUIRE(flood);
  CHECK(flood->limit == RunLimit::output);
  CHECK(flood->exit_code == -9);
  REQUIRE(small);
  CHECK(small->output_sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(small->max_rss_bytes > 0);
}
