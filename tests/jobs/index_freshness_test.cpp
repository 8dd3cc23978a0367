#include "codehelper/jobs/index_freshness.hpp"

#include <catch2/catch.hpp>

#include "codehelper/index/indexer.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper {
namespace {

/// Indexes in this process, or does what the test says.
class FakeLocalJobs final : public LocalIngestJobs {
 public:
  FakeLocalJobs(EventLoop& loop, VectorStore& store, Embedder& embedder)
      : loop_(loop), store_(store), embedder_(embedder) {}

  Task<Result<void>> start(RequestContext, Project) override { co_return Result<void>{}; }
  Task<Result<JobStatus>> status(RequestContext, Project) override { co_return answer; }
  Task<Result<void>> cancel(RequestContext, Project) override { co_return Result<void>{}; }
  Task<Result<void>> refresh(RequestContext context, Project project) override {
    ++refreshes;
    if (delay.count() != 0) {
      const auto slept = co_await sleep_for(delay);
      if (!slept) co_return slept;
    }
    if (failure) co_return std::unexpected(*std::exchange(failure, std::nullopt));
    IndexOptions options;
    options.is_refresh = true;
    auto done = co_await index_project(context, std::move(project), store_, embedder_, loop_, std::move(options));
    if (!done) co_return std::unexpected(done.error());
    co_return Result<void>{};
  }

  JobStatus answer{JobState::succeeded, {}, {}, std::nullopt};
  std::optional<Error> failure;  // of the next refresh
  std::chrono::milliseconds delay{0};
  int refreshes = 0;

 private:
  EventLoop& loop_;
  VectorStore& store_;
  Embedder& embedder_;
};

struct Fixture {
  Fixture() : Fixture(std::chrono::seconds(30)) {}
  explicit Fixture(std::chrono::milliseconds question_wait) {
    source.write("a.py", "a = 1\n");
    REQUIRE(run_until_done(loop, index_project({}, project, *store, *embedder, loop, {})));
    FreshnessOptions options;
    options.data_dir = data.path();
    options.max_file_bytes = 1024 * 1024;
    options.embedder = embedder->identity();
    options.question_wait = question_wait;
    options.quiet = std::chrono::milliseconds(20);
    freshness = make_index_freshness(loop, Log::none(), *store, jobs, std::move(options));
  }
  ~Fixture() { run_until_done(loop, freshness->shut_down()); }

  std::optional<std::uint64_t> ask() { return run_until_done(loop, freshness->refresh({}, project)); }
  std::uint64_t files() { return run_until_done(loop, store->load_marker({}, project)).value()->files; }

  test::TemporaryDirectory source;
  test::TemporaryDirectory data;
  EventLoop loop;
  Project project{source.path().string(), source.path()};
  std::unique_ptr<VectorStore> store = open_embedded_store(loop, data.path());
  std::unique_ptr<Embedder> embedder = make_hashing_embedder(loop);
  FakeLocalJobs jobs{loop, *store, *embedder};
  std::unique_ptr<IndexFreshness> freshness;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "index freshness: nothing is indexed while nothing changes, and each change once") {
  CHECK(ask() == 0);
  CHECK(ask() == 0);
  CHECK(jobs.refreshes == 0);

  source.write("b.py", "b = 1\n");
  CHECK(ask() == 0);
  CHECK(ask() == 0);

  CHECK(jobs.refreshes == 1);
  CHECK(files() == 2);
}

TEST_CASE("index freshness: a question waits no longer than it may, and is told what is missing") {
  Fixture fixture(std::chrono::seconds(2));
  while (fixture.ask() != 0) continue;  // however long the first look takes
  fixture.jobs.delay = std::chrono::minutes(1);
  fixture.source.write("b.py", "b = 1\n");
  fixture.source.write("c.py", "c = 1\n");

  const auto start = std::chrono::steady_clock::now();
  CHECK(fixture.ask() == 2);
  CHECK(fixture.ask() == 2);  // at once: the wait counts from the change on

  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  CHECK(fixture.jobs.refreshes == 1);
}

TEST_CASE_METHOD(Fixture,
                 "index freshness: after a failure questions don't wait, after a rival's pass they try again") {
  CHECK(ask() == 0);
  source.write("b.py", "b = 1\n");
  jobs.failure = Error{ErrorCode::conflict, "another process indexes it"};
  CHECK(ask() == 0);
  CHECK(jobs.refreshes == 2);

  jobs.failure = Error{ErrorCode::unavailable, "the embedder is down"};
  source.write("c.py", "c = 1\n");
  CHECK(ask() == 1);
  CHECK(ask() == 1);
  CHECK(jobs.refreshes == 3);
}

TEST_CASE_METHOD(Fixture,
                 "index freshness: an index that failed, is being made, or is another embedder's is left alone") {
  IndexMarker marker = *run_until_done(loop, store->load_marker({}, project)).value();
  SECTION("failed") {
    jobs.answer.state = JobState::failed;
  }
  SECTION("being made") {
    jobs.answer.state = JobState::active;
  }
  SECTION("another embedder's") {
    IndexBatch batch;
    marker.embedder = "another";
    batch.marker = marker;
    REQUIRE(run_until_done(loop, store->apply({}, project, std::move(batch))));
  }
  source.write("b.py", "b = 1\n");

  CHECK(ask() == 1);
  CHECK(jobs.refreshes == 0);
}

TEST_CASE_METHOD(Fixture,
                 "index freshness: a look begins to watch and doesn't wait, and changes are indexed by themselves") {
  CHECK_FALSE(freshness->look(project).has_value());
  const auto settle = [&](auto condition) {
    for (int i = 0; i < 500 && !condition(); ++i) run_until_done(loop, sleep_for(std::chrono::milliseconds(10)));
    return condition();
  };
  REQUIRE(settle([&] { return freshness->look(project) == 0; }));

  source.write("b.py", "b = 1\n");

  CHECK(settle([&] { return jobs.refreshes == 1 && freshness->look(project) == 0; }));
  CHECK(files() == 2);
}

TEST_CASE_METHOD(Fixture, "index freshness: a tree that is gone says nothing, and one too many is forgotten") {
  CHECK_FALSE(run_until_done(loop, freshness->refresh({}, {"/nowhere", "/nowhere"})).has_value());
  std::vector<std::unique_ptr<test::TemporaryDirectory>> trees;
  for (int i = 0; i < 12; ++i) {
    trees.push_back(std::make_unique<test::TemporaryDirectory>());
    trees.back()->write("a.py", "a = 1\n");
    const Project other{trees.back()->path().string(), trees.back()->path()};
    CHECK(run_until_done(loop, freshness->refresh({}, other)) == 1);  // it has no index
  }

  CHECK(ask() == 0);
}

}  // namespace codehelper
