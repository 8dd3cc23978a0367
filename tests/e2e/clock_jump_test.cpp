// The wall clock of a server set forward and back while it works: limits are kept, nothing hangs, no index gets stale.
#include <catch2/catch.hpp>

#include <future>
#include <sstream>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/faulty_peer.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

namespace json = boost::json;

constexpr long kHour = 3600;
constexpr long kYear = 365L * 24 * kHour;

/// Every time below `value`, by its name, that is less than none.
std::string find_negative_time(const json::value& value, const std::string& name = "") {
  if (value.is_number() && value.to_number<double>() < 0 && (name.contains("seconds") || name.ends_with("_ms"))) {
    return name;
  }
  std::string found;
  if (value.is_array()) {
    for (const json::value& item : value.as_array()) found += find_negative_time(item, name);
  }
  if (value.is_object()) {
    for (const auto& [key, item] : value.as_object()) found += find_negative_time(item, std::string(key));
  }
  return found;
}

/// All in one, with a Runner that runs.
struct JumpingDev {
  JumpingDev()
      : repository(write_sample_repository(folder).string()),
        process({"dev", "--port", "0", repository}, {{"LD_PRELOAD", CODEHELPER_CLOCK_SHIM},
                                                     {"CLOCK_FILE", folder.write("clock", "0").string()},
                                                     {"CODEHELPER_LOG_LEVEL", "info"}}),
        url(process.wait_for_url()) {
    process.wait_for_text("ready:", std::chrono::seconds(60));
  }

  void set_clock(long offset) { folder.write("clock", std::to_string(offset)); }
  /// From a thread of its own.
  std::future<ApiAnswer> begin(const std::string& target, json::object body) {
    return std::async(std::launch::async,
                      [this, target, asked = std::move(body)] { return ApiClient(url).post(target, asked); });
  }

  TemporaryDirectory folder;
  std::string repository;
  CodehelperProcess process;
  std::string url;
};

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

TEST_CASE_METHOD(JumpingDev, "clock jumps: runs, chats, searches and an indexing under way go on as if nothing was") {
  const long jump = GENERATE(as<long>(), 5 * kHour, -5 * kHour, -70 * kYear);
  const json::array sleep{"python3", "-c", "import time; time.sleep(3)"};
  const json::array sleep_long{"python3", "-c", "import time; time.sleep(600)"};
  ApiClient api(url);
  std::vector<ApiAnswer> searches;
  const auto begin_time = std::chrono::steady_clock::now();
  const auto search_until = [&](std::chrono::milliseconds end) {
    while (std::chrono::steady_clock::now() - begin_time < end) {
      searches.push_back(api.post("/search", {{"query", "parse headers"}}));
    }
  };

  auto slow = begin("/run", {{"project_path", repository}, {"action", "verify"}, {"command", sleep}});
  auto limited = begin("/execute", {{"project_path", repository}, {"command", sleep_long}, {"timeout_seconds", 2}});
  auto chat = begin("/chat", {{"message", "run the tests"}});
  const ApiAnswer reindexed = api.post("/project", {{"project_path", repository}, {"reindex", true}});
  search_until(std::chrono::milliseconds(500));
  set_clock(jump);
  search_until(std::chrono::milliseconds(1500));
  set_clock(0);
  search_until(std::chrono::milliseconds(2500));
  set_clock(jump);
  const ApiAnswer slept = slow.get();
  const ApiAnswer ended = limited.get();
  const ApiAnswer answered = chat.get();
  wait_until("the index is ready", std::chrono::seconds(60),
             [&] { return api.get("/project").json().at("index_status") == "ready"; });
  const auto passed = std::chrono::steady_clock::now() - begin_time;
  folder.write("repo/later.py", "def zebra():\n    return 1\n");
  searches.push_back(api.post("/search", {{"query", "zebra"}}));
  const ApiAnswer later = api.post("/chat", {{"message", "where are headers parsed?"}});
  const std::string metrics = api.get("/metrics").text;

  CHECK(passed < std::chrono::seconds(60));
  CHECK(reindexed.status == 200);
  CHECK(slept.json().at("success") == true);
  CHECK(slept.json().at("duration_seconds").to_number<double>() >= 2.9);
  CHECK(slept.json().at("duration_seconds").to_number<double>() < 30);
  CHECK(ended.json().at("timed_out") == true);
  CHECK(ended.json().at("duration_seconds").to_number<double>() >= 1.9);
  CHECK(ended.json().at("duration_seconds").to_number<double>() < 30);
  CHECK(answered.json().at("receipts").as_array().size() == 1);
  CHECK(later.json().at("sources").at(0).at("path") == "parser.py");
  CHECK(searches.back().json().at("hits").at(0).at("path") == "later.py");
  for (const ApiAnswer& answer : searches) CHECK(answer.status == 200);
  for (const ApiAnswer& answer : {slept, ended, answered, later, api.get("/project")}) {
    CHECK(find_negative_time(answer.json()).empty());
  }
  CHECK_THAT(process.output(), !Catch::Contains("_ms\":-") && !Catch::Contains("_seconds\":-"));
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK((line.starts_with('#') || !line.contains(" -") || line.starts_with("process_start_time_seconds")));
  }
}
