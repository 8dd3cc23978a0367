#include <catch2/catch.hpp>

#include <csignal>
#include <future>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

struct Runner {
  Runner()
      : repo(write_sample_repository(folder).string()),
        process({"serve-runner", "--port", "0", "--allowed-root", folder.path().string()}, {}),
        url(process.wait_for_url()) {}

  // Starts a run that prints after `seconds`, and waits until it is under way.
  std::future<ApiAnswer> start_run(const std::string& seconds) {
    const std::string flag = (folder.path() / "repo" / "begun").string();
    const std::string script = "import time; open('begun', 'w'); time.sleep(" + seconds + "); print('done')";
    auto answer = std::async(std::launch::async, [this, script] {
      return ApiClient(url).post("/execute", {{"project_path", repo}, {"command", {"python3", "-c", script}}});
    });
    wait_until("the start of the run", std::chrono::seconds(20), [&] { return std::filesystem::exists(flag); });
    return answer;
  }

  TemporaryDirectory folder;
  std::string repo;
  CodehelperProcess process;
  std::string url;
};

}  // namespace

TEST_CASE("shutdown: an idle server with an idle connection ends at once with status 0") {
  Runner runner;
  ApiClient idle(runner.url);
  REQUIRE(idle.get("/health").status == 200);

  runner.process.signal(SIGTERM);

  CHECK(runner.process.wait(std::chrono::seconds(5)) == 0);
  CHECK_THAT(runner.process.output(), Catch::Contains(R"("event":"graceful_shutdown")"));
}

TEST_CASE("shutdown: what is in flight is answered, and nothing new is accepted") {
  Runner runner;
  auto answer = runner.start_run("1");

  runner.process.signal(SIGTERM);
  const ApiAnswer answered = answer.get();

  CHECK(answered.status == 200);
  CHECK(answered.json().at("stdout") == "done\n");
  CHECK_THROWS(ApiClient(runner.url).get("/health"));
  CHECK(runner.process.wait(std::chrono::seconds(10)) == 0);
}

TEST_CASE("shutdown: a second signal ends the process at once") {
  Runner runner;
  auto answer = runner.start_run("600");

  runner.process.signal(SIGTERM);
  wait_until("the first signal", std::chrono::seconds(5),
             [&] { return runner.process.output().find("graceful_shutdown") != std::string::npos; });
  runner.process.signal(SIGTERM);

  CHECK(runner.process.wait(std::chrono::seconds(5)) == 128 + SIGTERM);
  CHECK_THROWS(answer.get());
}
