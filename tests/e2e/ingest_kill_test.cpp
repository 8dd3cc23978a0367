#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

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

int number_of_kills() {
  const char* given = std::getenv("INGEST_KILLS");
  return given == nullptr ? 20 : std::stoi(given);
}

// Ingests that are killed at random moments of what a whole one takes. After each, the index is whole as far as it is.
class Killing {
 public:
  Killing(std::filesystem::path repository, std::filesystem::path data)
      : repository_(std::move(repository)), data_(std::move(data)) {}

  /// Returns how many were still at work.
  int kill(int times, std::chrono::milliseconds whole) {
    int interrupted = 0;
    for (int kill = 0; kill < times; ++kill) {
      // Early moments more often than late ones, so that the index does not grow to its end at once.
      std::uniform_int_distribution<long> moment(1, std::max(2L, whole.count() * (kill % 4 + 1) / 6));
      CodehelperProcess process({"ingest", repository_.string()}, {{"CODEHELPER_DATA_DIR", data_.string()}});
      const auto at = std::chrono::steady_clock::now() + std::chrono::milliseconds(moment(random_));
      wait_until("the moment", std::chrono::seconds(300), [&] { return std::chrono::steady_clock::now() >= at; });
      process.signal(SIGKILL);
      if (process.wait() == -SIGKILL) ++interrupted;
      check();
    }
    return interrupted;
  }
  std::chrono::milliseconds run() {
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(run_codehelper({"ingest", repository_.string()}, {{"CODEHELPER_DATA_DIR", data_.string()}}).exit_code == 0);
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  }
  std::vector<json::value> answers() const { return answers_of(repository_, data_); }
  unsigned seed() const { return seed_; }

 private:
  /// The state tells of the kill; nothing else may be wrong.
  void check() const {
    const RunOutcome checked =
        run_codehelper({"doctor", "--check-index", repository_.string()}, {{"CODEHELPER_DATA_DIR", data_.string()}});
    std::istringstream lines(checked.output);
    for (std::string line; std::getline(lines, line);) {
      const bool is_expected = line.starts_with("ok") || line.contains(": indexing") || line.contains(": no ");
      if (!is_expected) FAIL(line);
    }
  }

  std::filesystem::path repository_;
  std::filesystem::path data_;
  unsigned seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
};

// Changes a fifth of the files and removes another, differently each time.
void change_repository(const std::filesystem::path& repository, int round) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(repository)) {
    if (entry.is_regular_file() && entry.path().extension() == ".ts") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i % 5 == 0)
      std::ofstream(files[i], std::ios::app) << "\nexport const changedInRound" << round << " = " << i << ";\n";
    if (i % 50 == 1) std::filesystem::remove(files[i]);
  }
}

}  // namespace

TEST_CASE("ingest: killed at random moments and run again, it answers like a clean index") {
  TemporaryDirectory folder;
  const auto repository = copy_large_repository(folder);
  Killing clean(repository, folder.path() / "clean");
  const auto whole = clean.run();
  const auto expected = clean.answers();
  REQUIRE_FALSE(expected.front().as_array().empty());
  Killing killed(repository, folder.path() / "killed");
  INFO("seed " << killed.seed());

  const int interrupted = killed.kill(number_of_kills(), whole);
  killed.run();

  CHECK(interrupted > 0);
  CHECK(killed.answers() == expected);
}

TEST_CASE("ingest: killed while it indexes what changed, the earlier index answers and the next run completes it") {
  TemporaryDirectory folder;
  const auto repository = copy_large_repository(folder);
  Killing killed(repository, folder.path() / "killed");
  killed.run();
  INFO("seed " << killed.seed());
  change_repository(repository, 0);
  Killing trial(repository, folder.path() / "trial");
  std::filesystem::copy(folder.path() / "killed", folder.path() / "trial", std::filesystem::copy_options::recursive);
  const auto whole = trial.run();

  int interrupted = 0;
  constexpr int kRounds = 5;
  for (int round = 1; round <= kRounds; ++round) {
    change_repository(repository, round);
    interrupted += killed.kill((number_of_kills() + kRounds - 1) / kRounds, whole);
    for (const json::value& hits : killed.answers()) CHECK_FALSE(hits.as_array().empty());
  }
  killed.run();

  CHECK(interrupted > 0);
  Killing clean(repository, folder.path() / "clean");
  clean.run();
  CHECK(killed.answers() == clean.answers());
}
