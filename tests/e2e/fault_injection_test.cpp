// Every file operation of an ingest made to fail once: the disk is full, an I/O error, half of a read or write, a kill
// before a change, a kill in the middle of a write. After each fault the index is sound, an earlier one still answers,
// and the next ingest brings what a clean one does. Each run takes every FAULT_STRIDE-th point; 1 takes all of them,
// which TEST_BINARY without sanitizers does in minutes.
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "codehelper/index/index_check.hpp"
#include "codehelper/index/vector_store.hpp"
#include "codehelper/net/event_loop.hpp"
#include "support/codehelper_process.hpp"
#include "support/index_content.hpp"
#include "support/index_samples.hpp"
#include "support/stride.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kDefaultStride = 61;

struct Fault {
  std::string kind;
  std::size_t at = 0;  // 0 = never, which counts the points
};

/// How an ingest starts: on nothing, on an index of what was there before, or on one that it must not use.
struct Scenario {
  std::string name;
  std::vector<std::string> flags;
  bool has_index = false;
};

class Trial {
 public:
  explicit Trial(Scenario scenario) : scenario_(std::move(scenario)) {
    write_files();
    if (scenario_.has_index) {
      REQUIRE(ingest(base(), {}).exit_code == 0);
      change_files();
    }
    reset();
    REQUIRE(ingest(data(), {}).exit_code == 0);
    expected_ = load_index_content(file());
  }

  /// What a fault of this kind can happen to, in the order of a clean run.
  std::vector<std::string> points(const std::string& kind) {
    reset();
    fs::remove(log());
    REQUIRE(ingest(data(), {kind, 0}).exit_code == 0);
    std::vector<std::string> points;
    std::ifstream lines(log());
    for (std::string line; std::getline(lines, line);) points.push_back(line);
    return points;
  }

  /// Whether the ingest got over it.
  bool survives(const Fault& fault) {
    reset();
    const RunOutcome outcome = ingest(data(), fault);
    INFO(outcome.errors);
    const bool is_done = outcome.exit_code == 0;
    if (is_done) {
      CHECK(describe_difference(load_index_content(file()), expected_) == "");
    } else if (fault.kind == "kill" || fault.kind == "torn") {
      CHECK(outcome.exit_code == -SIGKILL);
    } else {
      CHECK(outcome.exit_code == 1);
      CHECK_THAT(outcome.errors, Catch::Contains("codehelper ingest: ") || Catch::Contains("codehelper: "));
      CHECK_THAT(outcome.errors,
                 Catch::Matches("(.|\n)*(I/O error|Input/output error|[Dd]isk is full|No space left|"
                                "can't open|can't lock|can't be read|malformed|locking protocol|was locked)(.|\n)*"));
    }
    check_sound();
    if (scenario_.has_index) CHECK(answer_to("kept") == "kept.py");
    const RunOutcome again = ingest(data(), {});
    INFO(again.errors);
    CHECK(again.exit_code == 0);
    CHECK(describe_difference(load_index_content(file()), expected_) == "");
    return is_done;
  }

 private:
  fs::path repository() const { return folder_.path() / "repository"; }
  fs::path base() const { return folder_.path() / "base"; }
  fs::path data() const { return folder_.path() / "data"; }
  fs::path log() const { return folder_.path() / "points"; }
  fs::path file() const { return embedded_index_path(data(), {repository().string(), repository()}); }

  /// A git repository: which files are ignored, and so not indexed, is read too.
  void write_files() const {
    folder_.write("repository/.git/HEAD", "ref: refs/heads/main\n");
    folder_.write("repository/.git/config", "[core]\n\tbare = false\n");
    folder_.write("repository/.git/info/exclude", "local_*\n");
    for (const char* name : {"objects", "refs"}) fs::create_directories(repository() / ".git" / name);
    folder_.write("repository/.gitignore", "built_*\n");
    folder_.write("repository/kept.py", "def kept():\n    return 'kept'\n");
    folder_.write("repository/changed.py", "def before():\n    return 1\n");
    folder_.write("repository/removed.py", "def removed():\n    return 2\n");
    folder_.write("repository/built_one.py", "def built():\n    return 3\n");
    folder_.write("repository/local_one.py", "def local():\n    return 4\n");
    folder_.write("repository/docs/.gitignore", "*.txt\n");
    folder_.write("repository/docs/guide.md", "# Guide\n\nHow to use it.\n");
    folder_.write("repository/docs/draft.txt", "Not for others.\n");
  }

  void change_files() const {
    folder_.write("repository/changed.py", "def after():\n    return 'changed'\n");
    folder_.write("repository/docs/new.md", "# New\n\nA page more.\n");
    fs::remove(repository() / "removed.py");
  }

  void reset() const {
    fs::remove_all(data());
    if (scenario_.has_index) fs::copy(base(), data(), fs::copy_options::recursive);
  }

  RunOutcome ingest(const fs::path& data_dir, const Fault& fault) const {
    std::vector<std::string> arguments{"ingest", repository().string()};
    arguments.insert(arguments.end(), scenario_.flags.begin(), scenario_.flags.end());
    Variables variables{{"CODEHELPER_DATA_DIR", data_dir.string()}};
    if (!fault.kind.empty()) {
      variables["LD_PRELOAD"] = CODEHELPER_FAULT_SHIM;
      variables["FAULT_FOLDERS"] = repository().string() + ":" + data_dir.string();
      variables["FAULT_KIND"] = fault.kind;
      variables["FAULT_AT"] = std::to_string(fault.at);
      variables["FAULT_LOG"] = log().string();
    }
    return run_codehelper(std::move(arguments), std::move(variables));
  }

  /// Nothing is damaged. That a pass did not end, or that there is no index yet, is no damage.
  void check_sound() const {
    for (const CheckResult& result : check_index_file(file())) {
      INFO(result.what << ": " << result.fix);
      CHECK(result.what != "damaged");
      CHECK(result.what != "can't be opened");
    }
  }

  /// The path of the best hit, of an index that says that it can be searched.
  std::string answer_to(const std::string& word) const {
    EventLoop loop;
    const auto store = open_embedded_store(loop, data());
    const auto marker = run_until_done(loop, store->load_marker({}, {repository().string(), repository()}));
    if (!marker) return marker.error().message;
    if (!*marker || !(*marker)->is_searchable() || (*marker)->embedder.empty()) return "no finished index";
    const auto hits =
        run_until_done(loop, store->query({}, {repository().string(), repository()}, make_word_query(word)));
    if (!hits) return hits.error().message;
    return hits->lexical.empty() ? "nothing" : hits->lexical.front().chunk.path;
  }

  Scenario scenario_;
  TemporaryDirectory folder_;
  IndexContent expected_;
};

}  // namespace

TEST_CASE("faults of an ingest: at every point and of every kind, nothing is lost and the next ingest makes it whole") {
  const Scenario scenario =
      GENERATE(Scenario{"a first index", {}, false}, Scenario{"an index of what changed", {}, true},
               Scenario{"an index from scratch", {"--from-scratch"}, true});
  const std::string kind = GENERATE("enospc", "eio", "half", "kill", "torn");
  Trial trial(scenario);

  const std::vector<std::string> points = trial.points(kind);
  REQUIRE(points.size() > 20);
  std::size_t faults = 0;
  std::size_t survived = 0;
  for (std::size_t at = 1; at <= points.size(); at += find_stride("FAULT_STRIDE", kDefaultStride)) {
    INFO(kind << " at point " << at << " of " << scenario.name << ": " << points[at - 1]);
    ++faults;
    if (trial.survives({kind, at})) ++survived;
  }
  std::cout << scenario.name << ", " << kind << ": " << points.size() << " points, " << faults << " faults, "
            << survived << " survived" << std::endl;
}
