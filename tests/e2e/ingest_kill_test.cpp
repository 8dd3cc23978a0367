#include <catch2/catch.hpp>

#include <csignal>
#include <random>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

const std::vector<std::string> kQuestions = {"retry a failed observable with a delay",
                                             "debounceTime",
                                             "subscribe to a subject",
                                             "scheduler that uses animation frames",
                                             "fromEvent listener options",
                                             "share replay buffer size",
                                             "how are errors reported asynchronously"};

// What a server answers to every question over an index.
std::vector<json::value> answers_of(const std::filesystem::path& repository, const std::filesystem::path& data) {
  CodehelperProcess api({"serve-api", "--port", "0"}, {{"CODEHELPER_DATA_DIR", data.string()}});
  ApiClient client(api.wait_for_url());
  std::vector<json::value> answers;
  for (const std::string& question : kQuestions) {
    const ApiAnswer answer =
        client.post("/search", {{"query", question}, {"project_path", repository.string()}, {"limit", 20}});
    REQUIRE(answer.status == 200);
    answers.push_back(answer.json().at("hits"));
  }
  return answers;
}

}  // namespace

TEST_CASE("ingest: killed at twenty random moments and run again, it answers like a clean index") {
  TemporaryDirectory folder;
  const auto repository = copy_large_repository(folder);
  const auto clean = folder.path() / "clean";
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(run_codehelper({"ingest", repository.string()}, {{"CODEHELPER_DATA_DIR", clean.string()}}).exit_code == 0);
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  const auto expected = answers_of(repository, clean);
  REQUIRE_FALSE(expected.front().as_array().empty());
  const auto killed = folder.path() / "killed";
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);

  int interrupted = 0;
  for (int kill = 0; kill < 20; ++kill) {
    // Early moments more often than late ones, so that the index does not grow to its end at once.
    std::uniform_int_distribution<long> moment(1, std::max(2L, whole.count() * (kill % 4 + 1) / 6));
    CodehelperProcess process({"ingest", repository.string()}, {{"CODEHELPER_DATA_DIR", killed.string()}});
    const auto at = std::chrono::steady_clock::now() + std::chrono::milliseconds(moment(random));
    wait_until("the moment", std::chrono::seconds(300), [&] { return std::chrono::steady_clock::now() >= at; });
    process.signal(SIGKILL);
    if (process.wait() == -SIGKILL) ++interrupted;
  }
  REQUIRE(run_codehelper({"ingest", repository.string()}, {{"CODEHELPER_DATA_DIR", killed.string()}}).exit_code == 0);

  CHECK(interrupted > 0);
  CHECK(answers_of(repository, killed) == expected);
}
