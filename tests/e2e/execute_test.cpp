#include <catch2/catch.hpp>

#include <csignal>
#include <future>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/marked_processes.hpp"
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

// A command whose tree can be found again by the mark.
json::object make_marked_run(const std::string& repo, const std::string& script, const std::string& mark) {
  return {{"project_path", repo}, {"command", {"python3", "-c", script}}, {"env", {{kMarkVariable, mark}}}};
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

TEST_CASE_METHOD(RunnerFixture, "execute: the time limit ends the whole tree, grandchildren in own sessions too") {
  const std::string mark = make_request_id();
  json::object run = make_marked_run(repo,
                                     "import subprocess, sys, time\n"
                                     "sleeper = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
                                     "subprocess.Popen(sleeper, start_new_session=True)\n"
                                     "print('begun', flush=True)\ntime.sleep(600)\n",
                                     mark);
  run["timeout_seconds"] = 1;

  const ApiAnswer answer = ApiClient(url).post("/execute", run);

  const json::object result = answer.json();
  CHECK(answer.status == 200);
  CHECK(result.at("exit_code") == -1);
  CHECK(result.at("timed_out") == true);
  CHECK(result.at("stdout") == "begun\n");
  CHECK(std::string(result.at("stderr").as_string()).ends_with(" (timeout)"));
  CHECK(count_marked_processes(mark) == 0);
}

TEST_CASE_METHOD(RunnerFixture, "execute: the run ends when the caller leaves") {
  const std::string mark = make_request_id();
  EventLoop loop(1);
  HttpClientOptions options;
  options.base_url = url;
  auto client = HttpClient::make(loop, std::move(options)).value();
  HttpCall call{"POST", "/execute", {}, json::serialize(make_marked_run(repo, "import time; time.sleep(600)", mark))};
  call.limit = std::chrono::seconds(2);

  const auto answer = run_until_done(loop, client->call(RequestContext{}, std::move(call)));

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  wait_until("the end of the run", std::chrono::seconds(5), [&] { return count_marked_processes(mark) == 0; });
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
  const std::string mark = make_request_id();
  const json::object run = make_marked_run(repo, "import time; time.sleep(600)", mark);
  auto broken = std::async(std::launch::async, [&] { return ApiClient(url).post("/execute", run); });
  wait_until("the start of the run", std::chrono::seconds(20), [&] { return count_marked_processes(mark) > 0; });

  process.signal(SIGKILL);

  CHECK_THROWS(broken.get());
  wait_until("the end of the run", std::chrono::seconds(5), [&] { return count_marked_processes(mark) == 0; });
}
