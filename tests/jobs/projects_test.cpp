#include "codehelper/jobs/projects.hpp"

#include <catch2/catch.hpp>

#include "support/fake_ingest_jobs.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;

namespace {

// A server's projects over an embedded store, in a directory with the project "repo".
struct ProjectsFixture {
  ProjectsFixture() {
    folder.write("repo/main.py", "print(1)\n");
    store = open_embedded_store(loop, folder.path() / "data");
    state = make_file_state(loop, folder.path() / "data/current_project.json");
  }

  Projects make_projects() { return Projects(metrics, *state, *store, jobs, {folder.path()}); }
  Result<std::string> post(Projects& projects, const std::string& path, Reindex reindex = Reindex::if_needed) {
    return run_until_done(loop, projects.post({}, {path, std::nullopt, reindex}));
  }
  Result<ProjectStatus> status(Projects& projects) { return run_until_done(loop, projects.status({}, std::nullopt)); }

  std::string repo() const { return (folder.path() / "repo").string(); }

  test::TemporaryDirectory folder;
  EventLoop loop{2};
  Metrics metrics;
  std::unique_ptr<VectorStore> store;
  std::unique_ptr<SharedState> state;
  test::FakeIngestJobs jobs;
};

/// Shared state that can be out of reach.
struct FakeState final : SharedState {
  Task<Result<std::optional<CurrentProject>>> load(RequestContext) override {
    if (is_down) co_return fail(ErrorCode::unavailable, "the state is down");
    co_return current;
  }
  Task<Result<void>> save(RequestContext, CurrentProject project) override {
    if (is_down) co_return fail(ErrorCode::unavailable, "the state is down");
    current = std::move(project);
    co_return Result<void>{};
  }
  std::optional<CurrentProject> current;
  bool is_down = false;
};

}  // namespace

TEST_CASE_METHOD(ProjectsFixture, "projects: what one server posts is current on the other one too") {
  folder.write("other/a.py", "x = 1\n");
  Projects first = make_projects();
  Projects second = make_projects();

  REQUIRE(post(first, repo()));
  const auto seen = status(second);
  jobs.answer = {};
  REQUIRE(post(second, (folder.path() / "other").string()));
  const auto back = run_until_done(loop, first.resolve({}, std::nullopt));

  REQUIRE(seen);
  REQUIRE(seen->project);
  CHECK(seen->project->posted_path == repo());
  REQUIRE(back);
  CHECK(back->posted_path == (folder.path() / "other").string());
}

TEST_CASE_METHOD(ProjectsFixture, "projects: while the shared state is out of reach the last known project stays") {
  FakeState shared;
  Projects projects(metrics, shared, *store, jobs, {folder.path()});
  shared.is_down = true;
  const auto unknown = status(projects);
  const auto unresolved = run_until_done(loop, projects.resolve({}, std::nullopt));
  const auto refused = post(projects, repo());
  shared.is_down = false;
  REQUIRE(post(projects, repo()));
  shared.is_down = true;

  const auto stale = status(projects);
  const auto resolved = run_until_done(loop, projects.resolve({}, std::nullopt));

  CHECK_FALSE(unknown);
  CHECK_FALSE(unresolved);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unavailable);
  REQUIRE(stale);
  CHECK(stale->project->posted_path == repo());
  CHECK(stale->stale_because == "the state is down");
  REQUIRE(resolved);
  CHECK(resolved->posted_path == repo());
}

TEST_CASE_METHOD(ProjectsFixture, "projects: nothing is known before the first post") {
  Projects projects = make_projects();

  const auto first = status(projects);

  REQUIRE(first);
  CHECK_FALSE(first->project);
  CHECK(first->status == IndexStatus::idle);
  CHECK(first->job_id.empty());
}

TEST_CASE_METHOD(ProjectsFixture, "projects: a post starts the job, a second one conflicts with the same id") {
  Projects projects = make_projects();

  const auto first = post(projects, repo());
  const auto second = post(projects, repo());

  REQUIRE(first);
  CHECK(*first == make_job_id(repo()));
  CHECK(jobs.started == std::vector<std::string>{repo()});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(second.error().message == *first);
}

TEST_CASE_METHOD(ProjectsFixture, "projects: paths that are no directory or lie outside the root are refused") {
  Projects projects = make_projects();

  const auto missing = post(projects, repo() + "/nowhere");
  const auto file = post(projects, repo() + "/main.py");
  const auto outside = post(projects, "/");
  const auto climbing = post(projects, repo() + "/../..");

  CHECK(missing.error().code == ErrorCode::invalid_input);
  CHECK(file.error().code == ErrorCode::invalid_input);
  CHECK(outside.error().code == ErrorCode::invalid_input);
  CHECK(climbing.error().code == ErrorCode::invalid_input);
  CHECK(jobs.started.empty());
}

TEST_CASE_METHOD(ProjectsFixture,
                 "projects: relative paths are refused, and no other project is looked into from outside") {
  Projects projects = make_projects();

  const auto relative = run_until_done(loop, projects.resolve({}, "repo"));
  const auto outside = run_until_done(loop, projects.resolve({}, "/etc"));

  REQUIRE_FALSE(relative);
  CHECK_THAT(relative.error().message, Catch::Contains("must be absolute"));
  REQUIRE_FALSE(outside);
  CHECK(outside.error().code == ErrorCode::invalid_input);
}

TEST_CASE_METHOD(ProjectsFixture, "projects: one that is being indexed already becomes current all the same") {
  folder.write("other/a.py", "x = 1\n");
  Projects projects = make_projects();
  REQUIRE(post(projects, (folder.path() / "other").string()));

  const auto conflict = post(projects, repo());

  REQUIRE_FALSE(conflict);
  CHECK(conflict.error().code == ErrorCode::conflict);
  CHECK(status(projects)->project->posted_path == repo());
}

TEST_CASE_METHOD(ProjectsFixture,
                 "projects: a pinned repository stays until another one or another project is posted") {
  folder.write("other/a.py", "x = 1\n");
  Projects projects = make_projects();
  jobs.answer.state = JobState::succeeded;
  const auto pinned = [&] { return status(projects)->pinned_repo; };

  REQUIRE(run_until_done(loop, projects.post({}, {repo(), "https://example.org/repo", Reindex::if_needed})));
  jobs.answer.state = JobState::succeeded;
  CHECK(pinned() == "https://example.org/repo");
  REQUIRE(post(projects, repo()));
  jobs.answer.state = JobState::succeeded;
  CHECK(pinned() == "https://example.org/repo");
  REQUIRE(post(projects, (folder.path() / "other").string()));
  CHECK(pinned().empty());
}

TEST_CASE_METHOD(ProjectsFixture, "projects: a sibling that shares the root's name as prefix is outside") {
  folder.write("repo-other/a.txt", "x\n");
  Projects projects(metrics, *state, *store, jobs, {folder.path() / "repo"});

  const auto sibling = post(projects, repo() + "-other");

  REQUIRE_FALSE(sibling);
  CHECK_THAT(sibling.error().message, Catch::Contains("outside the allowed root"));
}

TEST_CASE_METHOD(ProjectsFixture, "projects: a finished job whose index is gone is started again") {
  Projects projects = make_projects();
  jobs.answer.state = JobState::succeeded;

  const auto posted = post(projects, repo());

  REQUIRE(posted);
  CHECK(jobs.started.size() == 1);
}

TEST_CASE_METHOD(ProjectsFixture, "projects: the current project is known again after a restart") {
  {
    Projects projects = make_projects();
    REQUIRE(post(projects, repo()));
  }
  Projects again = make_projects();

  const auto known = status(again);

  REQUIRE(known);
  REQUIRE(known->project);
  CHECK(known->project->posted_path == repo());
  CHECK(known->status == IndexStatus::indexing);
}

TEST_CASE_METHOD(ProjectsFixture, "projects: while the backend is down the last status is kept, marked stale") {
  Projects projects = make_projects();
  REQUIRE(post(projects, repo()));
  REQUIRE(status(projects));
  jobs.is_down = true;

  const auto stale = status(projects);

  REQUIRE(stale);
  CHECK(stale->status == IndexStatus::indexing);
  CHECK(stale->stale_because == "the backend is down");
}

TEST_CASE_METHOD(ProjectsFixture, "projects: cancelling reaches the current project's job") {
  Projects projects = make_projects();

  const auto none = run_until_done(loop, projects.cancel({}));
  REQUIRE(post(projects, repo()));
  const auto cancelled = run_until_done(loop, projects.cancel({}));

  CHECK(none.error().code == ErrorCode::not_found);
  CHECK(cancelled);
  CHECK(jobs.cancelled == std::vector<std::string>{repo()});
}
