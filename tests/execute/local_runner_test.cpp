#include "codehelper/execute/command_runner.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "execute/child_run.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::kThisProgram;
using codehelper::test::TemporaryDirectory;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  Fixture() {
    options.rules.allowed_root = directory.path();
    options.rules.executables = {"sh", "absent"};
    options.rules.search_path = "/usr/bin:/bin";
    options.rules.base_env = {{"PATH", "/usr/bin:/bin"}};
    options.supervisor = kThisProgram;
  }

  ExecuteRequest shell(const std::string& script) const {
    ExecuteRequest request;
    request.project_path = directory.path();
    request.command = {"sh", "-c", script};
    return request;
  }
  Result<CommandResult> run(ExecuteRequest request, RequestContext context = {}) {
    const auto runner = make_local_runner(loop, metrics, options);
    return run_until_done(loop, runner->run(std::move(context), std::move(request), {}));
  }

  TemporaryDirectory directory;
  EventLoop loop;
  Metrics metrics;
  LocalRunnerOptions options;
};

// Starts all at once; gives what each returned.
std::vector<Result<CommandResult>> run_together(EventLoop& loop, CommandRunner& runner,
                                                std::vector<ExecuteRequest> requests) {
  std::vector<Result<CommandResult>> results;
  const std::size_t expected = requests.size();
  for (ExecuteRequest& request : requests) {
    boost::asio::co_spawn(loop.executor(), runner.run({}, std::move(request), {}),
                          [&](const std::exception_ptr&, Result<CommandResult> result) {
                            results.push_back(std::move(result));
                            if (results.size() == expected) loop.stop();
                          });
  }
  loop.run();
  return results;
}

}  // namespace

TEST_CASE("local runner: runs what the policy allows, in the project, with the server's environment") {
  Fixture fixture;
  ExecuteRequest request = fixture.shell("pwd; echo $GIVEN; exit 4");
  request.env = {{"GIVEN", "value"}};

  const auto result = fixture.run(request);

  REQUIRE(result.has_value());
  CHECK(result->exit_code == 4);
  CHECK(result->standard_output == fixture.directory.path().string() + "\nvalue\n");
}

TEST_CASE("local runner: refuses what the policy refuses, and counts it") {
  Fixture fixture;
  ExecuteRequest request = fixture.shell("true");
  request.command.front() = "bash";

  const auto result = fixture.run(request);

  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::invalid_input);
  CHECK(fixture.metrics.text().contains(R"(runner_runs_total{command="other",outcome="invalid_input"} 1)"));
}

TEST_CASE("local runner: an allowed tool that is not installed gives 127") {
  Fixture fixture;
  ExecuteRequest request = fixture.shell("");
  request.command = {"absent"};

  const auto result = fixture.run(request);

  REQUIRE(result.has_value());
  CHECK(result->exit_code == 127);
}

TEST_CASE("local runner: counts runs by command and outcome") {
  Fixture fixture;
  static_cast<void>(fixture.run(fixture.shell("true")));
  static_cast<void>(fixture.run(fixture.shell("true")));
  static_cast<void>(fixture.run(fixture.shell("exit 1")));
  ExecuteRequest slow = fixture.shell("exec sleep 60");
  slow.timeout = 1s;
  static_cast<void>(fixture.run(slow));

  const std::string text = fixture.metrics.text();
  CHECK(text.contains(R"(runner_runs_total{command="sh",outcome="succeeded"} 2)"));
  CHECK(text.contains(R"(runner_runs_total{command="sh",outcome="failed"} 1)"));
  CHECK(text.contains(R"(runner_runs_total{command="sh",outcome="timed_out"} 1)"));
  CHECK(text.contains(R"(runner_run_seconds_count{command="sh"} 4)"));
  CHECK(text.contains("runner_queue_seconds_count 4"));
}

TEST_CASE("local runner: runs at most so many at once, in order, and refuses more than the queue holds") {
  Fixture fixture;
  fixture.options.parallel = 1;
  fixture.options.queue = 2;
  const auto runner = make_local_runner(fixture.loop, fixture.metrics, fixture.options);
  // Each would see the directory of another one that runs at the same time.
  const std::string script = "mkdir busy && echo $0 >> order && sleep 0.05 && rmdir busy";
  std::vector<ExecuteRequest> requests;
  for (const char* name : {"1", "2", "3", "4"}) {
    requests.push_back(fixture.shell(script));
    requests.back().command.emplace_back(name);
  }

  const auto results = run_together(fixture.loop, *runner, std::move(requests));

  REQUIRE(results.size() == 4);
  REQUIRE_FALSE(results[0].has_value());  // the refusal comes first
  CHECK(results[0].error().code == ErrorCode::overloaded);
  for (std::size_t i = 1; i < 4; ++i) {
    REQUIRE(results[i].has_value());
    CHECK(results[i]->exit_code == 0);
  }
  std::ifstream order(fixture.directory.path() / "order");
  CHECK(std::string((std::istreambuf_iterator<char>(order)), {}) == "1\n2\n3\n");
}

TEST_CASE("local runner: a passed deadline ends the command and is a timeout error") {
  Fixture fixture;
  ExecuteRequest request = fixture.shell("exec sleep 60");
  const std::string mark = make_request_id();
  request.env = {{codehelper::test::kMarkVariable, mark}};
  RequestContext context;
  context.deadline = Deadline::after(200ms);

  const auto result = fixture.run(request, context);

  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::timeout);
  CHECK(codehelper::test::count_marked_processes(mark) == 0);
}

TEST_CASE("local runner: what a run has left among its temporary files is gone with it") {
  Fixture fixture;
  SandboxRules rules;
  rules.mode = SandboxMode::automatic;
  rules.allowed.remove(Mechanism::mount_namespace);
  rules.cache_dir = fixture.directory.path() / "cache";
  rules.allowed_root = fixture.options.rules.allowed_root;
  rules.server_env = {{"PATH", "/usr/bin:/bin"}};
  const auto sandbox = Sandbox::open(fixture.loop, kThisProgram, rules);
  REQUIRE(sandbox);
  fixture.options.sandbox = &*sandbox;

  const auto done = fixture.run(fixture.shell("mkdir -p $TMPDIR/a/b && echo x > $TMPDIR/a/b/c && echo $TMPDIR"));
  ExecuteRequest slow = fixture.shell("echo $TMPDIR; exec sleep 60");
  slow.timeout = 1s;
  const auto ended = fixture.run(slow);

  REQUIRE(done);
  REQUIRE(ended);
  CHECK(done->exit_code == 0);
  for (const auto& result : {done, ended}) {
    const std::string& output = result->standard_output;
    REQUIRE(output.contains("codehelper-run-"));
    CHECK_FALSE(std::filesystem::exists(output.substr(0, output.find('\n'))));
  }
}

TEST_CASE("local runner: logs the name and numbers, never arguments, environment or output") {
  Fixture fixture;
  const auto file = fixture.directory.path() / "log";
  const int descriptor = ::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  RequestContext context;
  context.log = Log(descriptor, LogLevel::debug);
  ExecuteRequest request = fixture.shell("echo secret-output; : secret-argument");
  request.env = {{"A", "secret-value"}};

  const auto result = fixture.run(request, context);
  ::close(descriptor);

  REQUIRE(result.has_value());
  std::ifstream stream(file);
  const std::string log((std::istreambuf_iterator<char>(stream)), {});
  CHECK(log.contains(R"("event":"run_started")"));
  CHECK(log.contains(R"("event":"run_finished")"));
  CHECK(log.contains(R"("command":"sh")"));
  CHECK(log.contains(R"("stdout_bytes":14)"));
  CHECK_FALSE(log.contains("secret"));
}
