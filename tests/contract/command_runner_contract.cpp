#include "contract/command_runner_contract.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <boost/asio/cancellation_signal.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "codehelper/api/routes.hpp"
#include "codehelper/net/http_server.hpp"
#include "support/marked_processes.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

using namespace std::chrono_literals;

namespace {

// A Runner service on a loopback port with all its routes, and a client for it, on one loop.
class RunnerOverHttp final : public CommandRunner {
 public:
  RunnerOverHttp(EventLoop& loop, Metrics& metrics, LocalRunnerOptions options)
      : loop_(loop),
        local_(make_local_runner(loop, metrics, std::move(options))),
        services_{.loop = loop, .runner = local_.get()},
        server_(loop, make_router(services_), {}, Log::none(), metrics) {
    HttpClientOptions client;
    client.base_url = "http://127.0.0.1:" + std::to_string(server_.start().value());
    client_ = HttpClient::make(loop, std::move(client)).value();
    remote_ = make_remote_runner(*client_, 60s);
  }
  ~RunnerOverHttp() override { run_until_done(loop_, server_.drain(0ms)); }

  Task<Result<CommandResult>> run(RequestContext context, ExecuteRequest request, RunListener listener) override {
    return remote_->run(std::move(context), std::move(request), std::move(listener));
  }

 private:
  static Router make_router(RunnerServices& services) {
    Router router;
    add_runner_routes(router, services);
    return router;
  }

  EventLoop& loop_;
  std::unique_ptr<CommandRunner> local_;
  RunnerServices services_;
  HttpServer server_;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<CommandRunner> remote_;
};

struct Fixture {
  explicit Fixture(CommandRunnerAdapter chosen) : adapter(std::move(chosen)) {
    options.rules.allowed_root = directory.path() / "root";
    options.rules.executables = {"sh", "absent"};
    options.rules.search_path = "/usr/bin:/bin";
    options.rules.base_env = {{"PATH", "/usr/bin:/bin"}};
    options.supervisor = "/proc/self/exe";
    directory.write("root/project/sub/file", "");
    directory.write("outside/file", "");
  }

  CommandRunner& runner() {
    if (!made) made = adapter.make(loop, metrics, options);
    return *made;
  }
  ExecuteRequest shell(const std::string& script) const {
    ExecuteRequest request;
    request.project_path = project;
    request.command = {"sh", "-c", script};
    request.env = {{kMarkVariable, mark}};
    return request;
  }
  Result<CommandResult> run(ExecuteRequest request, OutputSink on_output = {}, RequestContext context = {}) {
    RunListener listener;
    listener.on_output = std::move(on_output);
    return run_until_done(loop, runner().run(std::move(context), std::move(request), std::move(listener)));
  }
  // Of what was asked for and then left: it may take a moment until that is known at the other end.
  int processes_left_in_the_end() {
    const auto wait = [](std::string of) -> Task<int> {
      const Deadline deadline = Deadline::after(5s);
      while (count_marked_processes(of) > 0 && !deadline.passed()) co_await sleep_for(5ms);
      co_return count_marked_processes(of);
    };
    return run_until_done(loop, wait(mark));
  }

  CommandRunnerAdapter adapter;
  TemporaryDirectory directory;
  std::string project = directory.path() / "root/project";
  std::string mark = make_request_id();
  EventLoop loop;
  Metrics metrics;
  LocalRunnerOptions options;
  std::shared_ptr<CommandRunner> made;
};

// Starts all at once; gives what each returned, in the order of the requests.
std::vector<Result<CommandResult>> run_together(Fixture& fixture, const std::vector<ExecuteRequest>& requests) {
  CommandRunner& runner = fixture.runner();
  std::vector<Result<CommandResult>> results(requests.size());
  std::size_t open = requests.size();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    boost::asio::co_spawn(fixture.loop.executor(), runner.run({}, requests[i], {}),
                          [&, i](const std::exception_ptr&, Result<CommandResult> result) {
                            results[i] = std::move(result);
                            if (--open == 0) fixture.loop.stop();
                          });
  }
  fixture.loop.run();
  return results;
}

}  // namespace

std::vector<CommandRunnerAdapter> command_runner_adapters() {
  return {{"local",
           [](EventLoop& loop, Metrics& metrics, LocalRunnerOptions options) -> std::shared_ptr<CommandRunner> {
             return make_local_runner(loop, metrics, std::move(options));
           }},
          {"remote", [](EventLoop& loop, Metrics& metrics, LocalRunnerOptions options) {
             return std::make_shared<RunnerOverHttp>(loop, metrics, std::move(options));
           }}};
}

TEST_CASE("command runner: gives the exit code, whatever it is") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  struct Example {
    const char* script;
    int exit_code;
  };

  for (const Example& example :
       std::vector<Example>{{"true", 0}, {"exit 3", 3}, {"exit 255", 255}, {"kill -9 $$", -9}, {"kill -15 $$", -15}}) {
    const auto result = fixture.run(fixture.shell(example.script));

    CAPTURE(fixture.adapter.name, example.script);
    REQUIRE(result.has_value());
    CHECK(result->exit_code == example.exit_code);
    CHECK_FALSE(result->timed_out);
    CHECK(result->duration_seconds > 0);
  }
}

TEST_CASE("command runner: keeps the output streams apart, as valid UTF-8") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));

  const auto result = fixture.run(fixture.shell(R"(printf 'a\377€\n'; printf 'warning\n' >&2; printf 'b')"));

  CAPTURE(fixture.adapter.name);
  REQUIRE(result.has_value());
  CHECK(result->standard_output == "a\uFFFD€\nb");
  CHECK(result->standard_error == "warning\n");
  CHECK(result->output_bytes == 7);
  CHECK(result->error_bytes == 8);
  CHECK_FALSE(result->output_truncated);
}

TEST_CASE("command runner: runs in the directory that is asked for, with the variables that are given") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  ExecuteRequest request = fixture.shell("pwd; echo $GIVEN");
  request.cwd = "sub";
  request.env["GIVEN"] = "a value";

  const auto result = fixture.run(request);

  REQUIRE(result.has_value());
  CHECK(result->standard_output == fixture.project + "/sub\na value\n");
}

TEST_CASE("command runner: an allowed tool that is not installed is a result") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  ExecuteRequest request = fixture.shell("");
  request.command = {"absent"};

  const auto result = fixture.run(request);

  REQUIRE(result.has_value());
  CHECK(result->exit_code == 127);
  CHECK(result->standard_error.contains("absent"));
}

TEST_CASE("command runner: a time limit gives what there is so far and leaves nothing running") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  ExecuteRequest request = fixture.shell("echo begun; echo slow >&2; sleep 600 & sleep 600");
  request.timeout = 1s;

  const auto result = fixture.run(request);

  CAPTURE(fixture.adapter.name);
  REQUIRE(result.has_value());
  CHECK(result->exit_code == -1);
  CHECK(result->timed_out);
  CHECK(result->standard_output == "begun\n");
  CHECK(result->standard_error.starts_with("slow\n"));
  CHECK(result->standard_error.ends_with(" (timeout)"));
  CHECK(count_marked_processes(fixture.mark) == 0);
}

TEST_CASE("command runner: refuses what the policy refuses, and names the field") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  const auto with = [&](auto change) {
    ExecuteRequest request = fixture.shell("true");
    change(request);
    return request;
  };
  struct Example {
    const char* field;
    ExecuteRequest request;
  };
  const std::vector<Example> examples = {
      {"project_path", with([&](auto& request) { request.project_path = fixture.directory.path() / "outside"; })},
      {"project_path", with([](auto& request) { request.project_path = "relative"; })},
      {"project_path", with([&](auto& request) { request.project_path += "/missing"; })},
      {"command", with([](auto& request) { request.command.clear(); })},
      {"command", with([](auto& request) { request.command.front() = "bash"; })},
      {"command", with([](auto& request) { request.command.front() = "/bin/sh"; })},
      {"command", with([](auto& request) { request.command.back() = std::string("a\0b", 3); })},
      {"cwd", with([](auto& request) { request.cwd = "../.."; })},
      {"cwd", with([](auto& request) { request.cwd = "missing"; })},
      {"env", with([](auto& request) { request.env["LD_PRELOAD"] = "x.so"; })},
      {"env", with([](auto& request) { request.env["NO=NAME"] = "x"; })},
  };

  for (const Example& example : examples) {
    const auto result = fixture.run(example.request);
    const auto streamed = fixture.run(example.request, [](OutputStream, std::string_view) {});

    CAPTURE(fixture.adapter.name, example.field, example.request.command, example.request.project_path);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::invalid_input);
    CHECK(result.error().message.starts_with(example.field));
    REQUIRE_FALSE(streamed.has_value());
    CHECK(streamed.error() == result.error());
  }
}

TEST_CASE("command runner: tells output while the command runs, in order") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  // Each piece is written only after the one before was seen here.
  const auto request = fixture.shell(
      "wait_for() { while [ ! -e $1 ]; do sleep 0.01; done; }\n"
      "echo 1; wait_for seen-1; echo 2 >&2; wait_for seen-2; printf '3\\n'");
  std::vector<std::pair<OutputStream, std::string>> pieces;

  const auto result = fixture.run(request, [&](OutputStream stream, std::string_view piece) {
    pieces.emplace_back(stream, piece);
    fixture.directory.write("root/project/seen-" + std::string(1, piece.front()), "");
  });

  CAPTURE(fixture.adapter.name);
  REQUIRE(result.has_value());
  CHECK(pieces == std::vector<std::pair<OutputStream, std::string>>{{OutputStream::standard_output, "1\n"},
                                                                    {OutputStream::standard_error, "2\n"},
                                                                    {OutputStream::standard_output, "3\n"}});
  CHECK(result->standard_output == "1\n3\n");
  CHECK(result->standard_error == "2\n");
}

TEST_CASE("command runner: keeps the beginning and the end of big output, and counts all of it") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));

  const auto result =
      fixture.run(fixture.shell("echo first; head -c 10000000 /dev/zero | tr '\\0' x; echo; echo last"));

  REQUIRE(result.has_value());
  CHECK(result->output_truncated);
  CHECK(result->output_bytes == 10'000'012);
  CHECK(result->standard_output.size() < 5'000'000);
  CHECK(result->standard_output.starts_with("first\nxxx"));
  CHECK(result->standard_output.ends_with("xxx\nlast\n"));
  CHECK(result->standard_output.contains("bytes left out"));
  CHECK_FALSE(result->error_truncated);
}

TEST_CASE("command runner: being cancelled ends the tree") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  CommandRunner& runner = fixture.runner();
  boost::asio::cancellation_signal cancel;
  std::optional<Result<CommandResult>> result;
  RunListener cancel_when_begun;
  cancel_when_begun.on_output = [&](OutputStream, std::string_view) {
    cancel.emit(boost::asio::cancellation_type::terminal);
  };
  auto request = fixture.shell("setsid sleep 600 & echo begun; sleep 600");

  boost::asio::co_spawn(
      fixture.loop.executor(), runner.run({}, std::move(request), cancel_when_begun),
      boost::asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr&, Result<CommandResult> ended) {
        result = std::move(ended);
        fixture.loop.stop();
      }));
  fixture.loop.run();

  CAPTURE(fixture.adapter.name);
  REQUIRE(result.has_value());
  REQUIRE_FALSE(result->has_value());
  CHECK(result->error().code == ErrorCode::cancelled);
  CHECK(fixture.processes_left_in_the_end() == 0);
}

TEST_CASE("command runner: a passed deadline ends the tree and is a timeout error") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  RequestContext context;
  context.deadline = Deadline::after(300ms);

  const auto result = fixture.run(fixture.shell("sleep 600"), {}, context);

  CAPTURE(fixture.adapter.name);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::timeout);
  CHECK(fixture.processes_left_in_the_end() == 0);
}

TEST_CASE("command runner: runs many at once and mixes nothing up") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  std::vector<ExecuteRequest> requests;
  for (int i = 0; i < 20; ++i) {
    requests.push_back(fixture.shell("for n in 1 2 3 4 5 6 7 8 9; do echo $0; echo e$0 >&2; done; exit $0"));
    requests.back().command.push_back(std::to_string(i));
  }

  const auto results = run_together(fixture, requests);

  CAPTURE(fixture.adapter.name);
  for (int i = 0; i < 20; ++i) {
    const auto& result = results[static_cast<std::size_t>(i)];
    std::string output;
    std::string error;
    for (int n = 0; n < 9; ++n) {
      output += std::to_string(i) + "\n";
      error += "e" + std::to_string(i) + "\n";
    }
    REQUIRE(result.has_value());
    CHECK(result->exit_code == i);
    CHECK(result->standard_output == output);
    CHECK(result->standard_error == error);
  }
}

TEST_CASE("command runner: refuses more than the queue holds as overloaded") {
  Fixture fixture(GENERATE(from_range(command_runner_adapters())));
  fixture.options.parallel = 1;
  fixture.options.queue = 1;
  const std::vector<ExecuteRequest> requests(3, fixture.shell("sleep 0.3"));

  const auto results = run_together(fixture, requests);

  CAPTURE(fixture.adapter.name);
  CHECK(std::ranges::count_if(results, [](const auto& result) { return result.has_value(); }) == 2);
  CHECK(std::ranges::count_if(
            results, [](const auto& result) { return !result && result.error().code == ErrorCode::overloaded; }) == 1);
}

namespace {

// Everything of a tree that a run with a patch must leave alone: kinds, contents or targets, modes, times.
std::string describe_tree(const std::filesystem::path& root) {
  std::map<std::string, std::string> entries;
  const auto describe = [&](const std::filesystem::path& path) {
    struct stat status{};
    ::lstat(path.c_str(), &status);
    std::ostringstream text;
    text << std::oct << status.st_mode << std::dec << ' ' << status.st_ino << ' ' << status.st_nlink << ' '
         << status.st_mtim.tv_sec << '.' << status.st_mtim.tv_nsec << ' ' << status.st_ctim.tv_sec << '.'
         << status.st_ctim.tv_nsec << ' ';
    if (S_ISREG(status.st_mode)) text << std::ifstream(path, std::ios::binary).rdbuf();
    if (S_ISLNK(status.st_mode)) text << std::filesystem::read_symlink(path).string();
    entries[path.string()] = text.str();
  };
  describe(root);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) describe(entry.path());
  std::string whole;
  for (const auto& [path, text] : entries) whole += path + ": " + text + "\n";
  return whole;
}

struct PatchFixture : Fixture {
  explicit PatchFixture(CommandRunnerAdapter chosen) : Fixture(std::move(chosen)) {
    options.copies.directory = directory.path() / "copies";
    directory.write("root/project/src/greeting", "hello\n");
    directory.write("root/project/.git/HEAD", "ref: refs/heads/main\n");
    std::filesystem::create_symlink(project + "/src/greeting", project + "/absolute");
    std::filesystem::create_symlink("src/greeting", project + "/relative");
    before = describe_tree(project);
  }
  ExecuteRequest patched(const std::string& script) const {
    ExecuteRequest request = shell(script);
    request.patch =
        "--- a/src/greeting\n+++ b/src/greeting\n@@ -1 +1 @@\n-hello\n+goodbye\n"
        "--- /dev/null\n+++ b/deep/new\n@@ -0,0 +1 @@\n+new\n";
    return request;
  }
  std::ptrdiff_t copies_left() const {
    const std::filesystem::path copies = directory.path() / "copies";
    if (!std::filesystem::exists(copies)) return 0;
    return std::distance(std::filesystem::directory_iterator(copies), {});
  }
  // At the other end of a call that was left, it takes a moment.
  bool is_clean_in_the_end() {
    const auto wait = [](const PatchFixture& fixture) -> Task<bool> {
      const Deadline deadline = Deadline::after(5s);
      while (fixture.copies_left() > 0 && !deadline.passed()) co_await sleep_for(5ms);
      co_return fixture.copies_left() == 0;
    };
    const bool is_gone = run_until_done(loop, wait(*this));
    return is_gone && describe_tree(project) == before;
  }

  std::string before;
};

}  // namespace

TEST_CASE("command runner: with a patch the command runs in a copy that has it, and the project stays as it is") {
  PatchFixture fixture(GENERATE(from_range(command_runner_adapters())));
  ExecuteRequest request = fixture.patched(
      "cat src/greeting absolute relative deep/new .git/HEAD; echo changed > src/greeting; mkdir -p made/here; "
      "chmod 500 made; rm sub/file; rm -r .git; exit 3");

  const auto result = fixture.run(request);

  CAPTURE(fixture.adapter.name);
  REQUIRE(result.has_value());
  CHECK(result->exit_code == 3);
  CHECK(result->standard_output == "goodbye\ngoodbye\ngoodbye\nnew\nref: refs/heads/main\n");
  REQUIRE(result->copy.has_value());
  CHECK(result->copy->files == std::vector<std::string>{"deep/new", "src/greeting"});
  CHECK(result->copy->patch.contains("+goodbye"));
  CHECK_FALSE(result->copy->is_at_project_path);  // without a sandbox
  CHECK(result->copy->copied_files == 8);
  CHECK(result->copy->copied_bytes == 27);
  CHECK(fixture.is_clean_in_the_end());
}

TEST_CASE("command runner: with a patch the working directory is that of the copy") {
  PatchFixture fixture(GENERATE(from_range(command_runner_adapters())));
  ExecuteRequest request = fixture.patched("pwd; cat ../src/greeting");
  request.cwd = "sub";

  const auto result = fixture.run(request);

  REQUIRE(result.has_value());
  CHECK_THAT(result->standard_output, Catch::StartsWith((fixture.directory.path() / "copies").string()));
  CHECK_THAT(result->standard_output, Catch::EndsWith("/project/sub\ngoodbye\n"));
}

TEST_CASE("command runner: a patch that doesn't apply runs nothing and is told with file, hunk and cause") {
  PatchFixture fixture(GENERATE(from_range(command_runner_adapters())));
  ExecuteRequest request = fixture.patched("touch ran");
  request.patch = "--- a/src/greeting\n+++ b/src/greeting\n@@ -1 +1 @@\n-hullo\n+goodbye\n";

  const auto result = fixture.run(request);
  const auto streamed = fixture.run(request, [](OutputStream, std::string_view) {});

  CAPTURE(fixture.adapter.name);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error() ==
        Error{ErrorCode::conflict, "hunk 1 of src/greeting: its first line `hullo` is nowhere in the file"});
  REQUIRE_FALSE(streamed.has_value());
  CHECK(streamed.error() == result.error());
  CHECK(fixture.is_clean_in_the_end());
}

TEST_CASE("command runner: a caller without the scope run runs nothing") {
  PatchFixture fixture(GENERATE(from_range(command_runner_adapters())));
  RequestContext reader;
  reader.caller = {"reader", Scope::read};

  const auto refused = fixture.run(fixture.patched("touch ran"), {}, reader);

  CAPTURE(fixture.adapter.name);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::forbidden);
  CHECK_THAT(refused.error().message, Catch::Contains("\"reader\" lacks the scope run"));
  CHECK(fixture.is_clean_in_the_end());
}

TEST_CASE("command runner: a copy is gone after a time limit, a cancellation and a command that can't be started") {
  PatchFixture fixture(GENERATE(from_range(command_runner_adapters())));
  ExecuteRequest slow = fixture.patched("sleep 600");
  slow.timeout = 1s;
  RequestContext hurried;
  hurried.deadline = Deadline::after(300ms);
  ExecuteRequest absent = fixture.patched("");
  absent.command = {"absent"};

  const auto late = fixture.run(slow);
  const auto left = fixture.run(fixture.patched("sleep 600"), {}, hurried);
  const auto missing = fixture.run(absent);

  CAPTURE(fixture.adapter.name);
  REQUIRE(late.has_value());
  CHECK(late->timed_out);
  REQUIRE_FALSE(left.has_value());
  CHECK(left.error().code == ErrorCode::timeout);
  REQUIRE(missing.has_value());
  CHECK(missing->exit_code == 127);
  CHECK(fixture.processes_left_in_the_end() == 0);
  CHECK(fixture.is_clean_in_the_end());
}

TEST_CASE("command runner: a project above a limit of copies is refused with the setting's name") {
  PatchFixture fixture(GENERATE(from_range(command_runner_adapters())));
  const bool by_files = GENERATE(true, false);
  if (by_files) fixture.options.copies.files_max = 6;
  if (!by_files) fixture.options.copies.bytes_max = 26;

  const auto result = fixture.run(fixture.patched("true"));

  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::too_large);
  CHECK_THAT(result.error().message, Catch::Contains(by_files ? "RUNNER_COPY_FILES_MAX" : "RUNNER_COPY_BYTES_MAX"));
  CHECK(fixture.is_clean_in_the_end());
}

}  // namespace codehelper::test
