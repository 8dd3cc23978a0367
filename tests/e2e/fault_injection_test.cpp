// Every file operation of an ingest made to fail once: the disk is full, an I/O error, half of a read or write, a kill
// before a change, a kill in the middle of a write. After each fault the index is sound, an earlier one still answers,
// and the next ingest brings what a clean one does. Each run takes every FAULT_STRIDE-th point; 1 takes all of them,
// which TEST_BINARY without sanitizers does in minutes.
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>

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
constexpr std::size_t kDefaultCompactionStride = 701;
constexpr std::size_t kLastChanges = 3;
constexpr int kBulkFiles = 38;

struct Fault {
  std::string kind;
  std::size_t at = 0;  // 0 = never, which counts the points
};

/// How an ingest starts: on nothing, on an index of what was there before, or on one that it must not use.
struct Scenario {
  std::string name;
  std::vector<std::string> flags;
  bool has_index = false;
  bool compacts = false;  // so much goes that the index is copied to be smaller, and its log is written back whole
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
    if (scenario_.compacts) REQUIRE(fs::file_size(file()) < fs::file_size(file_in(base())) * 2 / 3);
    expected_ = load_index_content(file());
  }

  const std::string& name() const { return scenario_.name; }

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
  fs::path file() const { return file_in(data()); }
  fs::path file_in(const fs::path& data_dir) const {
    return embedded_index_path(data_dir, {repository().string(), repository()});
  }

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
    if (!scenario_.compacts) return;
    write_bulk("bulk");
    write_bulk("gone");
  }

  /// Files of 64 KiB, of words that no other file has and that can't be packed well.
  void write_bulk(const std::string& name) const {
    std::mt19937_64 words(std::hash<std::string>{}(name));
    for (int file = 0; file < kBulkFiles; ++file) {
      std::string text;
      while (text.size() < std::size_t{64} * 1024) {
        text += "value_" + std::to_string(words()) + " = " + std::to_string(words()) + "\n";
      }
      folder_.write("repository/" + name + "/part" + std::to_string(file) + ".py", text);
    }
  }

  void change_files() const {
    folder_.write("repository/changed.py", "def after():\n    return 'changed'\n");
    folder_.write("repository/docs/new.md", "# New\n\nA page more.\n");
    fs::remove(repository() / "removed.py");
    fs::remove_all(repository() / "gone");
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
      const std::string index = file().string();
      variables["FAULT_FOLDERS"] = scenario_.compacts ? index : repository().string() + ":" + data_dir.string();
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

/// A fault at each of `places`, counted from 1.
void try_faults(Trial& trial, const std::string& kind, const std::vector<std::string>& points,
                const std::vector<std::size_t>& places) {
  std::size_t survived = 0;
  for (const std::size_t at : places) {
    INFO(kind << " at point " << at << " of " << trial.name() << ": " << points[at - 1]);
    if (trial.survives({kind, at})) ++survived;
  }
  std::cout << trial.name() << ", " << kind << ": " << points.size() << " points, " << places.size() << " faults, "
            << survived << " survived" << std::endl;
}

}  // namespace

TEST_CASE("faults of an ingest: at every point and of every kind, nothing is lost and the next ingest makes it whole") {
  const Scenario scenario =
      GENERATE(Scenario{"a first index", {}, false}, Scenario{"an index of what changed", {}, true},
               Scenario{"an index from scratch", {"--from-scratch"}, true});
  const std::string kind = GENERATE("enospc", "eio", "half", "kill", "torn");
  Trial trial(scenario);

  const std::vector<std::string> points = trial.points(kind);
  REQUIRE(points.size() > 20);
  std::vector<std::size_t> places;
  for (std::size_t at = 1; at <= points.size(); at += find_stride("FAULT_STRIDE", kDefaultStride)) places.push_back(at);
  try_faults(trial, kind, points, places);
}

TEST_CASE("faults of a compaction: when a change of the index fails while it is copied and its log written back") {
  Trial trial({"an index of which half goes", {}, true, true});

  for (const char* kind : {"enospc", "eio", "half", "kill", "torn"}) {
    const std::vector<std::string> points = trial.points(kind);
    std::vector<std::size_t> changes;
    for (std::size_t at = 1; at <= points.size(); ++at) {
      const std::string operation = points[at - 1].substr(0, points[at - 1].find(' '));
      if (operation == "write" || operation == "sync" || operation == "resize") changes.push_back(at);
    }
    REQUIRE(changes.size() > 1000);
    const std::size_t stride = find_stride("FAULT_STRIDE", kDefaultCompactionStride);
    std::vector<std::size_t> places;
    // The last ones, with which the files are cut to their size, are all taken.
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (i % stride == 0 || i + kLastChanges >= changes.size()) places.push_back(changes[i]);
    }
    try_faults(trial, kind, points, places);
  }
}
