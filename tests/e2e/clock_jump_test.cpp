// The wall clock of a server set forward and back while it works: limits are kept, nothing hangs, no index gets stale.
#include <catch2/catch.hpp>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/faulty_peer.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

constexpr long kYear = 365L * 24 * 3600;

struct JumpingServer {
  JumpingServer()
      : repository(write_sample_repository(folder)),
        process({"serve-api", "--port", "0"}, make_variables()),
        api(process.wait_for_url()) {
    REQUIRE(api.post("/project", {{"project_path", repository.string()}}).status == 200);
    wait_until_ready();
  }

  Variables make_variables() {
    return {{"LD_PRELOAD", CODEHELPER_CLOCK_SHIM},
            {"CLOCK_FILE", folder.write("clock", "0").string()},
            {"CODEHELPER_DATA_DIR", (folder.path() / "data").string()},
            {"RUNNER_URL", runner.url()},
            {"CODEHELPER_READINESS_SECONDS", "1"},
            {"CODEHELPER_RUNNER_CALL_SECONDS", "1"}};
  }
  /// By seconds from now on, for the server and what it starts.
  void set_clock(long offset) { folder.write("clock", std::to_string(offset)); }
  void wait_until_ready() {
    wait_until("the index is ready", std::chrono::seconds(60),
               [&] { return api.get("/project").json().at("index_status") == "ready"; });
  }
  bool finds(const std::string& word, const std::string& path) {
    const ApiAnswer answer = api.post("/search", {{"query", word}});
    return answer.status == 200 && !answer.json().at("hits").as_array().empty() &&
           answer.json().at("hits").at(0).at("path").as_string() == path;
  }

  TemporaryDirectory folder;
  FaultyPeer runner;
  std::filesystem::path repository;
  CodehelperProcess process;
  ApiClient api;
};

}  // namespace

TEST_CASE_METHOD(JumpingServer, "clock jumps: the server tells the time that the clock has") {
  const auto year = [&] {  // "Sun, 06 Nov 1994 08:49:37 GMT"
    const ApiAnswer answer = api.get("/health");
    return std::stoi(std::string(answer.headers.find("Date").value().substr(12, 4)));
  };

  const int before = year();
  set_clock(10 * kYear);
  const int after = year();
  set_clock(-10 * kYear);
  const int earlier = year();

  CHECK(after - before >= 9);
  CHECK(before - earlier >= 9);
}

TEST_CASE_METHOD(JumpingServer, "clock jumps: what changes is found, whichever way the clock went meanwhile") {
  const long first = GENERATE(as<long>(), kYear, -20 * kYear);
  set_clock(first);
  folder.write("repo/first.py", "def zebra_one():\n    return 1\n");
  const bool finds_first = finds("zebra_one", "first.py");
  set_clock(-first);
  folder.write("repo/first.py", "def zebra_two():\n    return 2\n");
  const bool finds_second = finds("zebra_two", "first.py");
  const ApiAnswer posted = api.post("/project", {{"project_path", repository.string()}, {"reindex", true}});
  wait_until_ready();

  CHECK(finds_first);
  CHECK(finds_second);
  CHECK(posted.status == 200);
  CHECK(finds("parse_headers", "parser.py"));
}

TEST_CASE_METHOD(JumpingServer, "clock jumps: a limit that runs when the clock jumps ends when it should") {
  const long jump = GENERATE(as<long>(), kYear, -kYear);
  runner.set(Fault::frozen);

  const auto begin = std::chrono::steady_clock::now();
  std::jthread clock([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    set_clock(jump);
  });
  const ApiAnswer ready = api.get("/readyz");
  const ApiAnswer run = api.post("/run", {{"project_path", repository.string()}, {"action", "run_tests"}});
  const auto passed = std::chrono::steady_clock::now() - begin;

  CHECK(ready.json().at("runner") == "timeout");
  CHECK(run.status == 504);
  CHECK(passed >= std::chrono::milliseconds(1900));
  CHECK(passed < std::chrono::seconds(20));
}
