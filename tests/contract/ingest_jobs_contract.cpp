#include "contract/ingest_jobs_contract.hpp"

#include <catch2/catch.hpp>

#include "codehelper/jobs/kubernetes_ingest_jobs.hpp"
#include "codehelper/jobs/local_ingest_jobs.hpp"
#include "support/index_samples.hpp"
#include "support/kubernetes_double.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

namespace {

class LocalWorld final : public IngestJobsWorld {
 public:
  LocalWorld(EventLoop& loop, Metrics& metrics, VectorStore& store, const std::filesystem::path& script,
             const std::filesystem::path& data_dir)
      : loop_(loop),
        jobs_(make_local_ingest_jobs(loop, Log::none(), metrics, store,
                                     {script, data_dir, {{"PATH", CODEHELPER_TEST_PATH}}})) {}
  ~LocalWorld() override { run_until_done(loop_, jobs_->shut_down()); }
  IngestJobs& jobs() override { return *jobs_; }

 private:
  EventLoop& loop_;
  std::unique_ptr<IngestJobs> jobs_;
};

class KubernetesWorld final : public IngestJobsWorld {
 public:
  KubernetesWorld(EventLoop& loop, Metrics& metrics, VectorStore& store, const std::filesystem::path& script)
      : cluster_({"--run", script.string(), "--env", "PATH=" CODEHELPER_TEST_PATH}) {
    KubernetesJobsOptions options;
    options.place.kubeconfig = cluster_.write_kubeconfig();
    options.image = "ingest";
    jobs_ = make_kubernetes_ingest_jobs(loop, metrics, store, std::move(options)).value();
  }
  IngestJobs& jobs() override { return *jobs_; }

 private:
  KubernetesDouble cluster_;
  std::unique_ptr<IngestJobs> jobs_;
};

// A project, its store, and an ingest that waits for the test's word: "ok", "fail" or "die".
struct Bench {
  explicit Bench(const IngestJobsAdapter& adapter) : store(open_embedded_store(loop, data_dir())) {
    folder.write("repo/main.py", "print(1)\n");
    project = open_project((folder.path() / "repo").string()).value();
    const auto script = folder.write("ingest",
                                     "#!/bin/sh\n"
                                     "[ \"$1\" = --supervise ] && exec " CODEHELPER_BINARY
                                     " \"$@\"\n"
                                     "echo '{\"event\":\"ingest_started\"}'\n"
                                     "echo '{\"event\":\"ingest_progress\",\"files_done\":3,\"files_total\":12}'\n"
                                     "while [ ! -e " +
                                         verdict().string() +
                                         " ]; do sleep 0.02; done\n"
                                         "case $(cat " +
                                         verdict().string() +
                                         ") in\n"
                                         "  ok) exit 0;;\n"
                                         "  fail*) echo 'codehelper ingest: the disk is full' >&2; exit 1;;\n"
                                         "  *) kill -9 $$;;\n"
                                         "esac\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    world = adapter.make(loop, metrics, *store, script, data_dir());
  }

  Result<void> start() { return run_until_done(loop, world->jobs().start({}, project)); }
  Result<void> cancel() { return run_until_done(loop, world->jobs().cancel({}, project)); }
  JobStatus status() { return run_until_done(loop, world->jobs().status({}, project)).value(); }
  /// The ingest ends so; a well-behaved one has written its marker before.
  void let_it(const std::string& end) {
    if (end == "ok" || end == "fail") {
      write_marker(end == "ok" ? IndexState::ready : IndexState::failed, end == "ok" ? "" : "the disk is full");
    }
    folder.write("draft", end);
    std::filesystem::rename(folder.path() / "draft", verdict());
  }
  void forget_verdict() { std::filesystem::remove(verdict()); }
  void write_marker(IndexState state, const std::string& cause, const std::string& finished_at = "") {
    IndexBatch batch;
    batch.marker = make_ready_marker();
    if (!finished_at.empty()) batch.marker->finished_at = finished_at;
    batch.marker->state = state;
    batch.marker->cause = cause;
    run_until_done(loop, store->apply({}, project, std::move(batch))).value();
  }
  JobStatus wait_for_end() {
    JobStatus seen = status();
    for (int looks = 0; seen.state == JobState::active && looks < 500; ++looks) {
      run_until_done(loop, sleep_for(std::chrono::milliseconds(20))).value();
      seen = status();
    }
    return seen;
  }
  JobStatus wait_for_progress() {
    JobStatus seen = status();
    for (int looks = 0; !seen.progress && looks < 500; ++looks) {
      run_until_done(loop, sleep_for(std::chrono::milliseconds(20))).value();
      seen = status();
    }
    return seen;
  }
  std::filesystem::path data_dir() const { return folder.path() / "data"; }
  std::filesystem::path verdict() const { return folder.path() / "verdict"; }
  std::string id() const { return make_job_id(project.posted_path); }

  TemporaryDirectory folder;
  EventLoop loop{2};
  Metrics metrics;
  std::unique_ptr<VectorStore> store;
  Project project;
  std::unique_ptr<IngestJobsWorld> world;
};

}  // namespace

std::vector<IngestJobsAdapter> ingest_jobs_adapters() {
  return {{"local",
           [](EventLoop& loop, Metrics& metrics, VectorStore& store, const std::filesystem::path& script,
              const std::filesystem::path& data_dir) -> std::unique_ptr<IngestJobsWorld> {
             return std::make_unique<LocalWorld>(loop, metrics, store, script, data_dir);
           }},
          {"kubernetes",
           [](EventLoop& loop, Metrics& metrics, VectorStore& store, const std::filesystem::path& script,
              const std::filesystem::path&) -> std::unique_ptr<IngestJobsWorld> {
             return std::make_unique<KubernetesWorld>(loop, metrics, store, script);
           }}};
}

// NOLINTNEXTLINE(readability-function-size): one life, told in order
TEST_CASE("ingest jobs contract: from none through active to succeeded, one at a time") {
  for (const IngestJobsAdapter& adapter : ingest_jobs_adapters()) {
    DYNAMIC_SECTION(adapter.name) {
      Bench bench(adapter);
      const JobStatus before = bench.status();
      const auto started = bench.start();
      const JobStatus running = bench.wait_for_progress();
      const auto second = bench.start();
      bench.let_it("ok");
      const JobStatus after = bench.wait_for_end();

      CHECK(before.state == JobState::none);
      REQUIRE(started);
      CHECK(running.state == JobState::active);
      CHECK(running.job_id == bench.id());
      REQUIRE(running.progress);
      CHECK(running.progress->files_done == 3);
      CHECK(running.progress->files_total == 12);
      REQUIRE_FALSE(second);
      CHECK(second.error().code == ErrorCode::conflict);
      CHECK(second.error().message == bench.id());
      CHECK(after.state == JobState::succeeded);
      CHECK(after.cause.empty());
    }
  }
}

TEST_CASE("ingest jobs contract: a failure has the ingest's own cause, and the next start begins anew") {
  for (const IngestJobsAdapter& adapter : ingest_jobs_adapters()) {
    DYNAMIC_SECTION(adapter.name) {
      Bench bench(adapter);
      REQUIRE(bench.start());
      bench.let_it("fail");
      const JobStatus failed = bench.wait_for_end();
      bench.forget_verdict();
      const auto again = bench.start();
      const JobStatus running = bench.status();
      bench.let_it("ok");
      const JobStatus done = bench.wait_for_end();

      CHECK(failed.state == JobState::failed);
      CHECK_THAT(failed.cause, Catch::Contains("the disk is full"));
      REQUIRE(again);
      CHECK(running.state == JobState::active);
      CHECK(done.state == JobState::succeeded);
    }
  }
}

TEST_CASE("ingest jobs: a failure that its index couldn't be told is known until another process has made an index") {
  Bench bench(ingest_jobs_adapters().front());
  bench.write_marker(IndexState::ready, "");
  REQUIRE(bench.start());
  bench.let_it("fail without a word");
  const JobStatus failed = bench.wait_for_end();
  bench.write_marker(IndexState::ready, "", "2026-01-02T04:00:00Z");
  const JobStatus mended = bench.status();

  CHECK(failed.state == JobState::failed);
  CHECK(failed.cause == "the disk is full");
  CHECK(mended.state == JobState::succeeded);
}

TEST_CASE("ingest jobs contract: an ingest that is killed leaves a failure with a cause in its index") {
  for (const IngestJobsAdapter& adapter : ingest_jobs_adapters()) {
    DYNAMIC_SECTION(adapter.name) {
      Bench bench(adapter);
      REQUIRE(bench.start());
      bench.write_marker(IndexState::indexing, "");
      bench.let_it("die");
      const JobStatus failed = bench.wait_for_end();
      const auto marker = run_until_done(bench.loop, bench.store->load_marker({}, bench.project)).value();

      CHECK(failed.state == JobState::failed);
      CHECK_FALSE(failed.cause.empty());
      REQUIRE(marker);
      CHECK(marker->state == IndexState::failed);
      CHECK_FALSE(marker->cause.empty());
    }
  }
}

TEST_CASE("ingest jobs contract: an active job can be cancelled once, and started again") {
  for (const IngestJobsAdapter& adapter : ingest_jobs_adapters()) {
    DYNAMIC_SECTION(adapter.name) {
      Bench bench(adapter);
      const auto none = bench.cancel();
      REQUIRE(bench.start());
      const auto cancelled = bench.cancel();
      const JobStatus ended = bench.wait_for_end();
      const auto twice = bench.cancel();
      const auto again = bench.start();
      bench.let_it("ok");
      const JobStatus done = bench.wait_for_end();

      REQUIRE_FALSE(none);
      CHECK(none.error().code == ErrorCode::not_found);
      CHECK(cancelled);
      CHECK(ended.state == JobState::failed);
      CHECK(ended.cause == "cancelled");
      REQUIRE_FALSE(twice);
      CHECK(twice.error().code == ErrorCode::not_found);
      REQUIRE(again);
      CHECK(done.state == JobState::succeeded);
    }
  }
}

TEST_CASE("ingest jobs contract: two spellings of a path are one project") {
  for (const IngestJobsAdapter& adapter : ingest_jobs_adapters()) {
    DYNAMIC_SECTION(adapter.name) {
      Bench bench(adapter);
      REQUIRE(bench.start());
      const std::string id = bench.id();
      bench.project.posted_path += "/.";

      const auto second = bench.start();
      const JobStatus seen = bench.status();
      bench.let_it("ok");

      REQUIRE_FALSE(second);
      CHECK(second.error().code == ErrorCode::conflict);
      CHECK(second.error().message == id);
      CHECK(seen.state == JobState::active);
      CHECK(seen.job_id == id);
    }
  }
}

}  // namespace codehelper::test
