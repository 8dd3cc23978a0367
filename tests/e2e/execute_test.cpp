#include <catch2/catch.hpp>

#include <algorithm>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

struct RunnerFixture {
  RunnerFixture()
      : repo(write_sample_repository(folder).string()),
        process({"serve-runner", "--port", "0", "--allowed-root", folder.path().string()}, {}),
        url(process.wait_for_url()) {}

  json::object execute(const json::array& command) {
    const ApiAnswer answer = ApiClient(url).post("/execute", {{"project_path", repo}, {"command", command}});
    INFO(answer.text);
    REQUIRE(answer.status == 200);
    return answer.json();
  }

  TemporaryDirectory folder;
  std::string repo;
  CodehelperProcess process;
  std::string url;
};

// Whether any process has `mark` among its arguments.
bool is_any_running(const std::string& mark) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    std::ifstream stream(entry.path() / "cmdline", std::ios::binary);
    const std::string arguments{std::istreambuf_iterator<char>(stream), {}};
    if (arguments.find(mark) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE_METHOD(RunnerFixture, "execute: any exit status is a 200 with the output") {
  const json::object good = execute({"python3", "-c", "print(1)"});
  const json::object bad = execute({"python3", "-c", "import sys; print('no', file=sys.stderr); sys.exit(7)"});

  CHECK(good.at("exit_code") == 0);
  CHECK(good.at("stdout") == "1\n");
  CHECK(good.at("stderr") == "");
  CHECK(good.at("duration_seconds").to_number<double>() > 0);
  CHECK(bad.at("exit_code") == 7);
  CHECK(bad.at("stderr") == "no\n");
}

TEST_CASE_METHOD(RunnerFixture, "execute: what the policy refuses is a 400 with the code invalid_input") {
  ApiClient api(url);
  const auto refuse = [&](json::object body) {
    const ApiAnswer answer = api.post("/execute", body);
    INFO(answer.text);
    CHECK(answer.status == 400);
    CHECK(answer.json().at("code") == "invalid_input");
    CHECK(answer.json().at("error").is_string());
  };
  const json::array good{"python3", "-c", "print(1)"};

  refuse({{"project_path", "/etc"}, {"command", good}});
  refuse({{"project_path", repo + "/../.."}, {"command", good}});
  refuse({{"project_path", repo}, {"command", json::array{}}});
  refuse({{"project_path", repo}, {"command", {"bash", "-c", "id"}}});
  refuse({{"project_path", repo}, {"command", {"/usr/bin/python3"}}});
  refuse({{"project_path", repo}, {"command", {"python3 "}}});
  refuse({{"project_path", repo}, {"command", good}, {"cwd", "/etc"}});
  refuse({{"project_path", repo}, {"command", good}, {"cwd", ".."}});
  refuse({{"project_path", repo}, {"command", good}, {"env", {{"LD_PRELOAD", "x.so"}}}});
}

TEST_CASE_METHOD(RunnerFixture, "execute: a missing or wrong field is a 422 that names it") {
  ApiClient api(url);

  const ApiAnswer missing = api.post("/execute", {{"project_path", repo}});
  const ApiAnswer wrong = api.post("/execute", {{"project_path", repo}, {"command", "python3"}});
  const ApiAnswer zero =
      api.post("/execute", {{"project_path", repo}, {"command", {"python3"}}, {"timeout_seconds", 0}});

  CHECK(missing.status == 422);
  CHECK_THAT(missing.text, Catch::Contains("command"));
  CHECK(wrong.status == 422);
  CHECK(zero.status == 422);
  CHECK_THAT(zero.text, Catch::Contains("timeout_seconds"));
}

TEST_CASE_METHOD(RunnerFixture,
                 "execute: the time limit ends the whole tree, grandchildren in sessions of their own too") {
  const std::string mark = "mark-" + make_request_id();
  const std::string script =
      "import subprocess, sys, time\n"
      "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '" +
      mark +
      "'], start_new_session=True)\n"
      "print('begun', flush=True)\ntime.sleep(600)\n";

  const ApiAnswer answer = ApiClient(url).post(
      "/execute", {{"project_path", repo}, {"command", {"python3", "-c", script, mark}}, {"timeout_seconds", 1}});

  const json::object run = answer.json();
  CHECK(answer.status == 200);
  CHECK(run.at("exit_code") == -1);
  CHECK(run.at("timed_out") == true);
  CHECK(run.at("stdout") == "begun\n");
  CHECK(std::string(run.at("stderr").as_string()).ends_with(" (timeout)"));
  CHECK_FALSE(is_any_running(mark));
}

TEST_CASE_METHOD(RunnerFixture, "execute: the run ends when the caller leaves") {
  const std::string mark = "mark-" + make_request_id();
  {
    EventLoop loop(1);
    HttpClientOptions options;
    options.base_url = url;
    auto client = HttpClient::make(loop, std::move(options)).value();
    HttpCall call{"POST",
                  "/execute",
                  {},
                  json::serialize(json::object{{"project_path", repo},
                                               {"command", {"python3", "-c", "import time; time.sleep(600)", mark}}})};
    call.limit = std::chrono::seconds(2);
    const auto answer = run_until_done(loop, client->call(RequestContext{}, std::move(call)));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::timeout);
  }

  wait_until("the end of the run", std::chrono::seconds(5), [&] { return !is_any_running(mark); });
}

TEST_CASE_METHOD(RunnerFixture, "execute: output is told as it comes, then the final object") {
  HttpCall call{"POST",
                "/execute",
                {},
                json::serialize(json::object{
                    {"project_path", repo}, {"command", {"python3", "-c", "print('one', flush=True); print('two')"}}})};
  call.headers.add("Accept", "text/event-stream");

  const ApiAnswer answer = ApiClient(url).call(std::move(call));

  CHECK(answer.headers.find("Content-Type") == "text/event-stream");
  CHECK_THAT(answer.text, Catch::Contains("event: stdout\n"));
  CHECK_THAT(answer.text, Catch::Contains(R"("seq":1)"));
  CHECK_THAT(answer.text, Catch::Contains("event: exit\n"));
  CHECK_THAT(answer.text, Catch::Contains(R"("stdout":"one\ntwo\n")"));
}

TEST_CASE_METHOD(RunnerFixture, "execute: no setting or token of the server reaches the child") {
  CodehelperProcess guarded({"serve-runner", "--port", "0", "--allowed-root", folder.path().string()},
                            {{"CODEHELPER_RUNNER_TOKEN", "t0ken"}, {"AWS_SECRET_ACCESS_KEY", "s3cret"}});
  ApiClient api(guarded.wait_for_url(), "t0ken");

  const ApiAnswer answer = api.post(
      "/execute", {{"project_path", repo}, {"command", {"python3", "-c", "import os; print(dict(os.environ))"}}});

  CHECK(answer.status == 200);
  CHECK_THAT(answer.text, !Catch::Contains("t0ken"));
  CHECK_THAT(answer.text, !Catch::Contains("s3cret"));
}

TEST_CASE_METHOD(RunnerFixture, "execute: nothing of a run is left when the Runner is killed") {
  const std::string mark = "mark-" + make_request_id();
  HttpCall call{"POST",
                "/execute",
                {},
                json::serialize(json::object{{"project_path", repo},
                                             {"command", {"python3", "-c", "import time; time.sleep(600)", mark}}})};
  call.limit = std::chrono::seconds(30);
  EventLoop loop(1);
  HttpClientOptions options;
  options.base_url = url;
  auto client = HttpClient::make(loop, std::move(options)).value();
  boost::asio::co_spawn(loop.executor(), client->call(RequestContext{}, std::move(call)),
                        [&](std::exception_ptr, const auto&) { loop.stop(); });
  wait_until("the start of the run", std::chrono::seconds(10), [&] {
    loop.context().restart();
    loop.context().poll();
    return is_any_running(mark);
  });

  process.signal(SIGKILL);

  wait_until("the end of the run", std::chrono::seconds(5), [&] { return !is_any_running(mark); });
}
