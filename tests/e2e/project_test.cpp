#include <catch2/catch.hpp>

#include <csignal>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

struct ApiFixture {
  ApiFixture()
      : large(copy_large_repository(folder).string()),
        variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}} {
    start();
  }

  void start() {
    process = std::make_unique<CodehelperProcess>(std::vector<std::string>{"serve-api", "--port", "0"}, variables);
    api = std::make_unique<ApiClient>(process->wait_for_url());
  }
  std::string status() { return std::string(api->get("/project").json().at("index_status").as_string()); }
  void wait_for_status(const std::string& expected) {
    wait_until("index_status " + expected, std::chrono::seconds(120), [&] { return status() == expected; });
  }
  ApiAnswer post_project() { return api->post("/project", {{"project_path", large}}); }
  ApiAnswer search() { return api->post("/search", {{"query", "debounceTime"}}); }

  TemporaryDirectory folder;
  std::string large;
  Variables variables;
  std::unique_ptr<CodehelperProcess> process;
  std::unique_ptr<ApiClient> api;
};

// The ingest that a server started: the process whose arguments are "codehelper ingest …`path`".
pid_t find_ingest(const std::string& path) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream stream(entry.path() / "cmdline", std::ios::binary);
    const std::string arguments{std::istreambuf_iterator<char>(stream), {}};
    if (arguments.starts_with(std::string("codehelper\0ingest", 17)) && arguments.find(path) != std::string::npos) {
      return std::stoi(entry.path().filename());
    }
  }
  return -1;
}

}  // namespace

TEST_CASE_METHOD(ApiFixture, "project: posted, it is indexing at once, then ready, and posting again starts nothing") {
  const ApiAnswer first = post_project();
  const ApiAnswer second = post_project();
  const std::string meanwhile = status();
  wait_for_status("ready");
  const ApiAnswer third = post_project();
  const json::object project = api->get("/project").json();

  CHECK(first.status == 200);
  CHECK(first.json().at("status") == "accepted");
  CHECK(second.status == 409);
  CHECK(second.json().at("error") == "already_indexing");
  CHECK(second.json().at("job_id") == first.json().at("job_id"));
  CHECK(meanwhile == "indexing");
  CHECK(third.status == 200);
  CHECK(third.json().at("job_id") == first.json().at("job_id"));
  CHECK(project.at("index_status") == "ready");
  CHECK(project.at("index").at("files").as_int64() > 1000);
}

TEST_CASE_METHOD(ApiFixture, "project: a cancelled job has failed with that cause, and can be started again") {
  post_project();

  const ApiAnswer cancelled = api->remove("/project/job");
  wait_for_status("failed");
  const json::object failed = api->get("/project").json();
  const ApiAnswer none = api->remove("/project/job");
  const ApiAnswer again = post_project();
  wait_for_status("ready");

  CHECK(cancelled.status == 202);
  CHECK(failed.at("cause") == "cancelled");
  CHECK(none.status == 404);
  CHECK(again.status == 200);
}

TEST_CASE_METHOD(ApiFixture, "project: when the ingest is killed the status says so and the earlier index answers") {
  post_project();
  wait_for_status("ready");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(large)) {
    if (entry.is_regular_file())
      std::ofstream(entry.path(), std::ios::app) << "\n// changed, so that there is work to do\n";
  }
  api->post("/project", {{"project_path", large}, {"reindex", true}});
  const pid_t ingest = find_ingest(large);
  if (ingest > 0) ::kill(ingest, SIGKILL);

  wait_until("the end of the job", std::chrono::seconds(60), [&] { return status() != "indexing"; });

  REQUIRE(ingest > 0);
  const json::object project = api->get("/project").json();
  CHECK(project.at("index_status") == "failed");
  CHECK_THAT(std::string(project.at("cause").as_string()), Catch::Contains("signal 9"));
  const ApiAnswer after = search();
  CHECK(after.status == 200);
  CHECK_FALSE(after.json().at("hits").as_array().empty());
}

TEST_CASE_METHOD(ApiFixture, "project: a damaged index is made anew when that is asked for, as its message says") {
  for (int i = 0; i < 60; ++i) {
    const std::string number = std::to_string(i);
    folder.write("small/f" + number + ".py",
                 "def debounceTime" + number + "(delay):\n    return delay * " + number + "\n");
  }
  const json::object body{{"project_path", (folder.path() / "small").string()}, {"reindex", true}};
  REQUIRE(api->post("/project", body).status == 200);
  wait_for_status("ready");
  process.reset();
  std::filesystem::path index;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "data" / "index")) {
    if (entry.path().extension() == ".db") index = entry.path();
  }
  const auto pages = std::filesystem::file_size(index) / 4096;
  const bool is_all = GENERATE(true, false);  // or what is looked at first is whole
  {
    std::fstream stream(index, std::ios::binary | std::ios::in | std::ios::out);
    for (std::uintmax_t page = is_all ? 1 : pages / 2; page < pages; ++page) {
      stream.seekp(static_cast<std::streamoff>(page * 4096 + 100));
      stream << std::string(64, '\xFF');
    }
  }
  start();

  const ApiAnswer anew = api->post("/project", body);

  INFO(anew.text);
  CHECK(anew.status == 200);
  wait_for_status("ready");
  CHECK(search().json().at("hits").as_array().size() > 0);
}

TEST_CASE_METHOD(ApiFixture, "project: status is known at once after a restart, while indexing ended with the server") {
  post_project();
  wait_for_status("ready");

  process->signal(SIGTERM);
  CHECK(process->wait() == 0);
  start();

  CHECK(status() == "ready");
  CHECK(search().status == 200);
}

TEST_CASE_METHOD(ApiFixture, "project: an ingest started by hand is seen as indexing, and a post conflicts") {
  CodehelperProcess by_hand({"ingest", large}, variables);
  wait_until("the lock", std::chrono::seconds(20),
             [&] { return by_hand.output().find("ingest_started") != std::string::npos; });

  const ApiAnswer status = api->get("/project?project_path=" + large);
  const ApiAnswer posted = post_project();

  CHECK(status.json().at("index_status") == "indexing");
  CHECK(posted.status == 409);
  CHECK(by_hand.wait(std::chrono::seconds(120)) == 0);
}

TEST_CASE_METHOD(ApiFixture, "project: without a Runner, readiness says so, a run is a 502, and chat still answers") {
  Variables down = variables;
  down["RUNNER_URL"] = "http://127.0.0.1:9";
  CodehelperProcess server({"serve-api", "--port", "0"}, down);
  ApiClient client(server.wait_for_url());

  const ApiAnswer ready = client.get("/readyz");
  const ApiAnswer run = client.post("/run", {{"project_path", large}, {"action", "run_tests"}});
  const ApiAnswer chat = client.post("/chat", {{"message", "run the tests"}, {"project_path", large}});

  CHECK(ready.status == 503);
  CHECK(ready.json().at("runner") == "connection_error");
  CHECK(ready.json().at("ready") == false);
  CHECK(run.status == 502);
  CHECK(run.json().at("error") == "runner_unavailable");
  CHECK(chat.status == 200);
  CHECK_THAT(chat.text, Catch::Contains("the run failed") || Catch::Contains("could not be run"));
}

TEST_CASE("project: start is refused when dependencies are checked and the Runner is not there") {
  TemporaryDirectory folder;

  const RunOutcome outcome =
      run_codehelper({"serve-api", "--port", "0"}, {{"CODEHELPER_DATA_DIR", folder.path().string()},
                                                    {"CREW_API_VALIDATE_DEPS", "yes"},
                                                    {"RUNNER_URL", "http://127.0.0.1:9"}});

  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.errors, Catch::Contains("Runner"));
}

TEST_CASE(
    "project: with its dependencies there the server starts, and takes no project outside of the root it was given") {
  TemporaryDirectory folder;
  const std::string inside = write_sample_repository(folder).string();
  TemporaryDirectory elsewhere;
  const std::string outside = write_sample_repository(elsewhere).string();
  const Variables variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()},
                            {"ALLOWED_ROOT", folder.path().string()}};
  CodehelperProcess runner({"serve-runner", "--port", "0"}, variables);
  Variables checked = variables;
  checked["CREW_API_VALIDATE_DEPS"] = "yes";
  checked["RUNNER_URL"] = runner.wait_for_url();

  CodehelperProcess server({"serve-api", "--port", "0"}, checked);
  ApiClient client(server.wait_for_url());
  const ApiAnswer taken = client.post("/project", {{"project_path", inside}});
  const ApiAnswer refused = client.post("/project", {{"project_path", outside}});

  CHECK(taken.status == 200);
  CHECK(refused.status == 400);
  CHECK_THAT(refused.text, Catch::Contains("outside the allowed root"));
}
