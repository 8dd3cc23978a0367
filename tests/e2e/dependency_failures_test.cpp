// Each dependency made to fail in each way while the API runs: the right word in /readyz, a clear answer within the
// limit, and recovery without a restart.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/faulty_peer.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

struct Axis {
  std::string name;      // in /readyz
  std::string variable;  // that names its URL
};

struct FaultWord {
  Fault fault;
  std::string word;
};

const std::vector<FaultWord> kFaultWords{{Fault::down, "connection_error"},
                                         {Fault::frozen, "timeout"},
                                         {Fault::slow, "timeout"},
                                         {Fault::cut, "connection_error"},
                                         {Fault::nonsense, "error"},
                                         {Fault::error, "error"}};

struct ApiOverPeers {
  ApiOverPeers()
      : process({"serve-api", "--port", "0"}, {{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()},
                                               {"RUNNER_URL", runner.url()},
                                               {"LLM_URL", llm.url() + "/v1"},
                                               {"CODEHELPER_READINESS_SECONDS", "1"},
                                               {"CODEHELPER_RUNNER_CALL_SECONDS", "1"}}),
        api(process.wait_for_url()) {}

  std::string make_project() {
    const auto project = folder.path() / "project";
    std::filesystem::create_directory(project);
    std::ofstream(project / "test_one.py") << "def test_one():\n    pass\n";
    return project.string();
  }

  TemporaryDirectory folder;
  FaultyPeer runner;
  FaultyPeer llm;
  CodehelperProcess process;
  ApiClient api;
};

}  // namespace

TEST_CASE_METHOD(ApiOverPeers, "dependency failures: readiness has the right word for each, and recovers") {
  const auto& [fault, word] = GENERATE(from_range(kFaultWords));
  const bool is_runner = GENERATE(true, false);
  FaultyPeer& peer = is_runner ? runner : llm;
  const std::string broken = is_runner ? "runner" : "llm";
  const std::string sound = is_runner ? "llm" : "runner";

  const ApiAnswer before = api.get("/readyz");
  peer.set(fault);
  const ApiAnswer during = api.get("/readyz");
  const ApiAnswer health = api.get("/health");
  peer.set(Fault::none);
  const ApiAnswer after = api.get("/readyz");

  INFO(during.text);
  CHECK(before.status == 200);
  CHECK(during.status == 503);
  CHECK(during.json().at(broken).as_string() == word);
  CHECK(during.json().at(sound) == "ok");
  CHECK(during.json().at("ready") == false);
  CHECK(health.text == R"({"status":"ok"})");
  CHECK(after.status == 200);
}

TEST_CASE_METHOD(ApiOverPeers,
                 "dependency failures: a run ends within its limit with a 502 or 504 that names the Runner") {
  const auto& [fault, word] = GENERATE(from_range(kFaultWords));
  const std::string project = make_project();

  runner.set(fault);
  const ApiAnswer run = api.post("/run", {{"project_path", project}, {"action", "run_tests"}});
  const ApiAnswer chat = api.post("/chat", {{"message", "run the tests"}, {"project_path", project}});

  INFO(run.text);
  CHECK(run.status == (word == "timeout" ? 504 : 502));
  CHECK(run.json().at("error").as_string() == (word == "timeout" ? "timeout" : "runner_unavailable"));
  CHECK_FALSE(run.json().at("message").as_string().empty());
  CHECK_FALSE(run.json().at("request_id").as_string().empty());
  CHECK(chat.status == 200);
  CHECK_THAT(std::string(chat.json().at("response").as_string()), Catch::Contains("could not be run"));
}

TEST_CASE("dependency failures: a Runner that refuses the token is named by readiness, doctor and start") {
  TemporaryDirectory folder;
  CodehelperProcess runner({"serve-runner", "--port", "0"},
                           {{"ALLOWED_ROOT", folder.path().string()}, {"CODEHELPER_RUNNER_TOKEN", "right"}});
  const std::string token = GENERATE("right", "wrong", "");
  const Variables variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()},
                            {"RUNNER_URL", runner.wait_for_url()},
                            {"CODEHELPER_RUNNER_TOKEN", token}};
  Variables validated = variables;
  validated["CREW_API_VALIDATE_DEPS"] = "1";
  CodehelperProcess server({"serve-api", "--port", "0"}, variables);
  ApiClient api(server.wait_for_url());

  const ApiAnswer ready = api.get("/readyz");
  const ApiAnswer doctor = api.get("/doctor");

  INFO(ready.text);
  const bool is_right = token == "right";
  CHECK(ready.status == (is_right ? 200 : 503));
  CHECK(ready.json().at("runner") == (is_right ? "ok" : "error"));
  CHECK(ready.json().contains("notes") == !is_right);
  CHECK(ready.text.contains("set CODEHELPER_RUNNER_TOKEN to one that it takes") == !is_right);
  CHECK(doctor.json().at("checks").at(0).at("ok") == is_right);
  CHECK(doctor.json().at("checks").at(0).at("state") == (is_right ? "ok" : "it refuses this server's token"));
  if (is_right) return;
  const RunOutcome start = run_codehelper({"serve-api", "--port", "0"}, validated);
  CHECK(start.exit_code == 1);
  CHECK_THAT(start.errors, Catch::Contains("the Runner refuses this server's token"));
}

TEST_CASE(
    "dependency failures: a run slower than the Runner's limit is a 504, and its command is ended on the Runner") {
  TemporaryDirectory folder;
  const std::string project = (folder.path() / "project").string();
  std::filesystem::create_directory(project);
  CodehelperProcess runner({"serve-runner", "--port", "0"}, {{"ALLOWED_ROOT", folder.path().string()}});
  CodehelperProcess server({"serve-api", "--port", "0"}, {{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()},
                                                          {"RUNNER_URL", runner.wait_for_url()},
                                                          {"CODEHELPER_RUNNER_CALL_SECONDS", "3"}});
  ApiClient api(server.wait_for_url());
  // Its number inside of a process namespace says nothing out here; a lock is seen from both sides.
  const boost::json::array command{"python3", "-c",
                                   "import fcntl, time; file = open('lock', 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
                                   "open('locked', 'w'); time.sleep(300)"};

  const ApiAnswer run = api.post("/run", {{"project_path", project}, {"action", "verify"}, {"command", command}});

  CHECK(run.status == 504);
  REQUIRE(std::filesystem::exists(std::filesystem::path(project) / "locked"));
  const int lock = ::open((project + "/lock").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(lock >= 0);
  wait_until("the command has ended", std::chrono::seconds(5), [&] { return ::flock(lock, LOCK_EX | LOCK_NB) == 0; });
  ::close(lock);
}
