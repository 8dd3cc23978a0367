#include "codehelper/index/commit_history.hpp"

#include <catch2/catch.hpp>

#include "codehelper/index/text_analysis.hpp"
#include "git_fixture.hpp"
#include "git_history.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

constexpr HistoryLimits kAll{.commits = 100, .paths = 30, .time = std::chrono::minutes(1)};

class HistoryFixture : public GitFixture {
 public:
  /// A commit that changes these files.
  void commit(const std::string& subject, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) work.write(path, subject + std::to_string(++changes_) + "\n");
    git("add -A && " + next_second() + " git commit -qm '" + subject + "'");
  }
  /// Commits of the same second come in any order.
  std::string next_second() { return "GIT_COMMITTER_DATE='@" + std::to_string(++time_) + " +0000'"; }

  std::vector<PastCommit> read(const std::string& folder = "", HistoryLimits limits = kAll, PastCommits known = {}) {
    const auto head = find_git_head(work.path() / folder);
    REQUIRE(head);
    REQUIRE(*head);
    auto past = read_past_commits(**head, std::move(known), limits);
    REQUIRE(past);
    is_complete = past->is_complete;
    std::vector<PastCommit> commits;
    for (const std::string& id : past->order) commits.push_back(past->by_id.at(id));
    return commits;
  }
  std::vector<std::string> subjects(const std::string& folder = "") {
    std::vector<std::string> list;
    for (const PastCommit& past : read(folder)) list.push_back(past.subject);
    return list;
  }

  FileVotes vote(const std::string& question, const std::string& folder = "") {
    auto votes = histories.vote(folder.empty() ? work.path() : work.path() / folder, make_query_terms(question));
    REQUIRE(votes);
    return std::move(*votes);
  }

  CommitHistories histories;
  bool is_complete = false;

 private:
  int changes_ = 0;
  int time_ = 1'700'000'000;
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(HistoryFixture, "commit history: commits come newest first with what they changed, merges left out") {
  commit("one", {"a.c"});
  git("checkout -qb side");
  commit("two", {"b.c", "sub/c.c"});
  git("checkout -q - && git merge -q --no-ff -m merge side");
  git("rm -q a.c && " + next_second() + " git commit -qm 'three\n\nand why'");

  const auto commits = read();

  REQUIRE(commits.size() == 3);
  CHECK(is_complete);
  CHECK(commits[0].subject == "three");
  CHECK(commits[0].paths == Strings{"a.c"});
  CHECK(commits[1].paths == Strings{"b.c", "sub/c.c"});
  CHECK(commits[2].paths == Strings{"a.c"});
}

TEST_CASE_METHOD(HistoryFixture, "commit history: of a folder of the work tree only what is below it counts") {
  commit("one", {"sub/c.c", "subway.c", "a.c"});

  const auto commits = read("sub");

  REQUIRE(commits.size() == 1);
  CHECK(commits[0].paths == Strings{"c.c"});
}

TEST_CASE_METHOD(HistoryFixture, "commit history: HEAD is found wherever git keeps it") {
  commit("one", {"a.c"});
  SECTION("in packed references") {
    git("pack-refs --all && git gc -q");
  }
  SECTION("as a commit of its own") {
    git("checkout -q --detach");
  }
  SECTION("in a repository with an extension") {
    git("config extensions.worktreeConfig true");
  }
  CHECK(subjects() == Strings{"one"});
}

TEST_CASE_METHOD(HistoryFixture, "commit history: a second work tree and a shallow clone have theirs") {
  commit("one", {"a.c"});
  commit("two", {"a.c"});
  git("worktree add -q -b side tree && git clone -q --depth 1 'file://" + work.path().string() + "' shallow");
  run_shell(work.path() / "tree", "echo x >> a.c && " + next_second() + " git commit -qam three");

  CHECK(subjects("tree") == Strings{"three", "two", "one"});
  CHECK(subjects("shallow").size() <= 1);
  CHECK(is_complete);
}

TEST_CASE_METHOD(HistoryFixture, "commit history: there is none without a repository, or without a commit") {
  const TemporaryDirectory plain;
  for (const auto& folder : {work.path(), plain.path()}) {
    const auto head = find_git_head(folder);
    REQUIRE(head);
    CHECK_FALSE(*head);
    CHECK(histories.vote(folder, make_query_terms("words"))->empty());
  }
}

TEST_CASE_METHOD(HistoryFixture, "commit history: a commit of too many files names none of them") {
  Strings paths;
  for (int i = 0; i < 31; ++i) paths.push_back("f" + std::to_string(i) + ".c");
  commit("all", paths);
  paths.resize(29);
  commit("most", paths);

  const auto commits = read();

  CHECK(commits[1].paths.empty());
  CHECK(commits[0].paths.size() == 29);
}

TEST_CASE_METHOD(HistoryFixture, "commit history: reading ends at its limits, and goes on from what is known") {
  for (const char* subject : {"one", "two", "three"}) commit(subject, {"a.c"});
  HistoryLimits limits = kAll;

  limits.time = std::chrono::milliseconds(-1);
  CHECK(read("", limits).empty());
  CHECK_FALSE(is_complete);
  limits = kAll;
  limits.commits = 2;
  CHECK(read("", limits).size() == 2);
  CHECK(is_complete);

  const auto head = find_git_head(work.path());
  PastCommits known = *read_past_commits(**head, {}, kAll);
  limits.time = std::chrono::milliseconds(-1);
  limits.commits = 3;
  CHECK(read("", limits, std::move(known)).size() == 3);
}

TEST_CASE_METHOD(HistoryFixture, "commit history: files vote that were changed with the question's words") {
  commit("Fix the parsing of durations", {"time.c", "parse.c"});
  commit("Parse durations of days", {"time.c"});
  commit("Draw borders", {"draw.c"});

  const FileVotes votes = vote("how are durations parsed?");

  CHECK(votes.at("time.c") == 1);
  CHECK(votes.at("parse.c") < 0.7);
  CHECK_FALSE(votes.contains("draw.c"));
  CHECK(vote("nothing of the kind").empty());
}

TEST_CASE_METHOD(HistoryFixture,
                 "commit history: a commit that is made meanwhile votes, and one that is gone doesn't") {
  commit("Draw borders", {"draw.c"});
  CHECK(vote("durations").empty());

  commit("Parse durations", {"time.c"});
  CHECK(vote("durations").contains("time.c"));

  git("reset -q --hard HEAD~1");
  CHECK(vote("durations").empty());
  CHECK(vote("borders").contains("draw.c"));
}

TEST_CASE_METHOD(HistoryFixture, "commit history: what can't be read is said once, and then goes without") {
  commit("Draw borders", {"draw.c"});
  git("checkout -q --detach && rm -rf .git/objects/* && mkdir -p .git/objects/pack");

  const auto failed = histories.vote(work.path(), make_query_terms("borders"));
  const auto again = histories.vote(work.path(), make_query_terms("borders"));

  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::unavailable);
  CHECK_THAT(failed.error().message, Catch::Contains(".git/objects"));
  REQUIRE(again);
  CHECK(again->empty());
}
