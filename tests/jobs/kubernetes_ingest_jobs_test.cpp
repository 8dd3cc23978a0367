#include <catch2/catch.hpp>

#include "kubernetes_jobs_fixture.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

json::object faults_of(const std::string& kind, int times, const std::string& match = "") {
  return {{"kind", kind}, {"times", times}, {"match", match}};
}

json::object refusal(int status, int times, const std::string& match, const std::string& message = "scripted") {
  return {{"kind", "refusal"}, {"status", status}, {"times", times}, {"match", match}, {"message", message}};
}

}  // namespace

TEST_CASE_METHOD(KubernetesJobsFixture,
                 "kubernetes jobs: a start looks first, then creates one Job that names the request") {
  open();

  const auto started = start();

  REQUIRE(started);
  const json::object created = job();
  CHECK(created.at("metadata").at("name") == json::value(id()));
  CHECK(created.at("metadata").at("annotations").at("codehelper.dev/request-id") == "request-7");
  CHECK(created.at("metadata").at("annotations").at("codehelper.dev/project-path") == json::value(project.posted_path));
  const json::object& container = created.at("spec").at("template").at("spec").at("containers").at(0).as_object();
  CHECK(container.at("args") == json::array{"ingest", project.posted_path});
  CHECK(container.at("image") == "code-helper-ingest:test");
  const auto lines = cluster.request_lines();
  const auto get = std::ranges::find(lines, "GET " + job_path());
  const auto post = std::ranges::find(lines, "POST /apis/batch/v1/namespaces/code-helper/jobs");
  CHECK(get < post);
  CHECK(std::ranges::count(lines, *post) == 1);
  CHECK(cluster.list("requests").at(0).at("headers").at("X-Request-Id") == "request-7");
}

TEST_CASE_METHOD(KubernetesJobsFixture,
                 "kubernetes jobs: an active Job is a conflict with its id, a finished one is replaced") {
  open();
  REQUIRE(start());
  const auto second = start();
  finish("Failed", "BackoffLimitExceeded");
  const std::string old_uid(job().at("metadata").at("uid").as_string());
  const auto third = start();

  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(second.error().message == id());
  REQUIRE(third);
  CHECK(job().at("metadata").at("uid") != json::value(old_uid));
  const json::array requests = cluster.list("requests");
  const auto deletion =
      std::ranges::find_if(requests, [](const json::value& request) { return request.at("method") == "DELETE"; });
  REQUIRE(deletion != requests.end());
  const json::object body = json::parse(deletion->at("body").as_string()).as_object();
  CHECK(body.at("propagationPolicy") == "Background");
  CHECK(body.at("preconditions").at("uid") == json::value(old_uid));
}

TEST_CASE_METHOD(KubernetesJobsFixture, "kubernetes jobs: another spelling of the path is the same project") {
  open();
  REQUIRE(start());
  Project other = project;
  other.posted_path += "/.";

  const auto started = run_until_done(loop, jobs->start(context, other));
  const auto seen = run_until_done(loop, jobs->status(context, other));

  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::conflict);
  CHECK(started.error().message == id());
  REQUIRE(seen);
  CHECK(seen->state == JobState::active);
  CHECK(seen->job_id == id());
}

TEST_CASE_METHOD(KubernetesJobsFixture, "kubernetes jobs: a Job that is being deleted is waited for, within limits") {
  open();
  REQUIRE(start());
  cluster.control("job", {{"name", id()}, {"metadata", json::object{{"deletionTimestamp", "2026-01-01T00:00:00Z"}}}});
  const auto deleting = status();
  options.limit = std::chrono::milliseconds(700);
  open();

  const auto stuck = start();

  REQUIRE(deleting);
  CHECK(deleting->state == JobState::active);
  CHECK(deleting->detail == "the Job is being deleted");
  REQUIRE_FALSE(stuck);
  options.limit = std::chrono::seconds(10);
  open();
  cluster.control("remove", {{"name", id()}});
  CHECK(start());
}

TEST_CASE_METHOD(KubernetesJobsFixture,
                 "kubernetes jobs: none is created beside pods of an earlier one that still write") {
  open();
  REQUIRE(start());
  add_pod({{"phase", "Running"}}, "");
  finish("Failed");
  options.limit = std::chrono::milliseconds(600);
  open();

  // A deletion without effect: as if the pod took its time to end.
  cluster.set_fault({{"kind", "garbage"}, {"match", "DELETE"}, {"status", 200}});
  const auto blocked = start();

  REQUIRE_FALSE(blocked);
  CHECK(cluster.sent_jobs().size() == 1);
}

TEST_CASE_METHOD(KubernetesJobsFixture, "kubernetes jobs: an active Job tells attempt, waiting pods and progress") {
  open();
  REQUIRE(start());
  set_status({{"active", 1}, {"failed", 1}});
  add_pod({{"phase", "Running"}},
          R"({"event":"ingest_progress","files_done":3,"files_total":10,"chunks":7,"seconds":2})");
  const auto running = status();
  cluster.control("pod", {{"pod", cluster.list("pods").at(0).at("metadata").at("name")},
                          {"status", json::parse(R"({"phase":"Pending","containerStatuses":[{"state":{"waiting":
                                      {"reason":"ImagePullBackOff","message":"no such image"}}}]})")}});
  const auto waiting = status();

  REQUIRE(running);
  CHECK(running->state == JobState::active);
  CHECK(running->job_id == id());
  CHECK(running->detail == "attempt 2 of 3");
  REQUIRE(running->progress);
  CHECK(running->progress->files_done == 3);
  REQUIRE(waiting);
  CHECK_THAT(waiting->detail, Catch::Contains("ImagePullBackOff: no such image"));
  CHECK_FALSE(waiting->progress);
}

TEST_CASE_METHOD(KubernetesJobsFixture, "kubernetes jobs: the progress of shards adds up over each one's newest pod") {
  options.shards = 2;
  open();
  REQUIRE(start());
  const auto report = [](int done) {
    return fmt::format(R"({{"event":"ingest_progress","files_done":{},"files_total":10}})", done);
  };
  add_pod({{"phase", "Failed"}}, report(9),
          {{"index", 0}, {"metadata", json::object{{"creationTimestamp", "2026-01-01T00:00:00Z"}}}});
  add_pod({{"phase", "Running"}}, report(2), {{"index", 0}});
  add_pod({{"phase", "Running"}}, report(5), {{"index", 1}});

  const auto seen = status();

  REQUIRE(seen);
  REQUIRE(seen->progress);
  CHECK(seen->progress->files_done == 7);
  CHECK(seen->progress->files_total == 20);
  CHECK(job().at("spec").at("completionMode") == "Indexed");
  CHECK_THAT(seen->detail, Catch::Contains("of 2 shards"));
}

TEST_CASE_METHOD(KubernetesJobsFixture,
                 "kubernetes jobs: a failure has the server's reason and the pod's last words, and outlives the Job") {
  open();
  REQUIRE(start());
  write_marker(IndexState::indexing);
  add_pod({{"phase", "Failed"}},
          "{\"event\":\"ingest_progress\",\"files_done\":3}\ncodehelper ingest: chroma can't be reached\n");
  finish("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit");

  const auto failed = status();
  cluster.control("remove", {{"name", id()}});
  const auto later = status();

  const std::string cause =
      "BackoffLimitExceeded: Job has reached the specified backoff limit\ncodehelper ingest: chroma can't be reached";
  REQUIRE(failed);
  CHECK(failed->state == JobState::failed);
  CHECK(failed->cause == cause);
  CHECK(marker().state == IndexState::failed);
  REQUIRE(later);
  CHECK(later->state == JobState::failed);
  CHECK(later->cause == cause);
}

TEST_CASE_METHOD(KubernetesJobsFixture,
                 "kubernetes jobs: a failure whose pods and logs are gone has the index's own cause") {
  open();
  REQUIRE(start());
  write_marker(IndexState::failed, "no file can be indexed");
  finish("Failed", "DeadlineExceeded", "too long");

  const auto failed = status();

  REQUIRE(failed);
  CHECK(failed->cause == "DeadlineExceeded: too long\nno file can be indexed");
}

TEST_CASE_METHOD(KubernetesJobsFixture, "kubernetes jobs: without a Job the index's marker tells the outcome") {
  open();
  const auto nothing = status();
  write_marker(IndexState::ready);
  const auto ready = status();
  write_marker(IndexState::failed, "disk full");
  const auto failed = status();
  write_marker(IndexState::indexing);
  const auto interrupted = status();

  REQUIRE(nothing);
  CHECK(nothing->state == JobState::none);
  CHECK(ready->state == JobState::succeeded);
  CHECK(failed->state == JobState::failed);
  CHECK(failed->cause == "disk full");
  CHECK(interrupted->state == JobState::failed);
  CHECK_THAT(interrupted->cause, Catch::Contains("without finishing"));
}

TEST_CASE_METHOD(KubernetesJobsFixture, "kubernetes jobs: cancelling deletes exactly that Job and is remembered") {
  open();
  const auto none = cancel();
  REQUIRE(start());
  const std::string uid(job().at("metadata").at("uid").as_string());

  const auto cancelled = cancel();
  const auto again = cancel();
  const auto after = status();

  CHECK(none.error().code == ErrorCode::not_found);
  REQUIRE(cancelled);
  CHECK(cluster.list("jobs").empty());
  CHECK(again.error().code == ErrorCode::not_found);
  REQUIRE(after);
  CHECK(after->state == JobState::failed);
  CHECK(after->cause == "cancelled");
  CHECK(start());
}

TEST_CASE_METHOD(KubernetesJobsFixture,
                 "kubernetes jobs: when the answer to a create is lost the Job is found to be ours") {
  open();
  cluster.set_fault(faults_of("cut_after", 1, "^POST"));

  const auto started = start();

  REQUIRE(started);
  CHECK(cluster.list("jobs").size() == 1);
}

TEST_CASE_METHOD(KubernetesJobsFixture, "kubernetes jobs: Retry-After is obeyed within the limit, and not beyond it") {
  open();
  json::object soon = refusal(503, 1, "^POST");
  soon["retry_after"] = 0;
  cluster.set_fault(soon);
  const auto started = start();
  json::object late = refusal(429, 0, "^GET", "too many requests");
  late["retry_after"] = 3600;
  cluster.set_fault(late);
  const auto refused = status();

  CHECK(started);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK_THAT(refused.error().message, Catch::Contains("too many requests"));
}

TEST_CASE_METHOD(KubernetesJobsFixture, "kubernetes jobs: the server's refusals come with its own message") {
  open();
  cluster.set_fault(refusal(403, 0, "^POST", "jobs.batch is forbidden: quota exceeded"));
  const auto forbidden = start();
  cluster.clear_faults();
  options.job_namespace = "nowhere";
  open();
  const auto no_namespace = start();
  options.job_namespace = "";
  options.image = "";
  open();
  const auto invalid = start();

  for (const auto& result : {forbidden, no_namespace, invalid}) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::unavailable);
  }
  CHECK_THAT(forbidden.error().message, Catch::Contains("quota exceeded"));
  CHECK_THAT(no_namespace.error().message, Catch::Contains("namespaces \"nowhere\" not found"));
  CHECK_THAT(invalid.error().message, Catch::Contains("containers[0].image"));
}

TEST_CASE_METHOD(KubernetesJobsFixture,
                 "kubernetes jobs: an API that is frozen, cut, nonsense or away is unavailable in time, and recovers") {
  options.limit = std::chrono::milliseconds(1500);
  open();
  const std::string kind = GENERATE("frozen", "cut", "garbage", "down");
  INFO(kind);
  if (kind == "down") {
    cluster.control("down");
  } else {
    cluster.set_fault(faults_of(kind, 0));
  }

  const auto begin = std::chrono::steady_clock::now();
  const auto seen = status();
  const auto started = start();
  const auto took = std::chrono::steady_clock::now() - begin;
  kind == "down" ? (void)cluster.control("up") : cluster.clear_faults();
  const auto recovered = start();

  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == ErrorCode::unavailable);
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::unavailable);
  CHECK(took < std::chrono::seconds(4));
  CHECK(recovered);
}

TEST_CASE_METHOD(KubernetesJobsFixture,
                 "kubernetes jobs: each Job that was seen at work is counted once when it ends") {
  open();
  REQUIRE(start());
  status();
  finish("Complete");
  status();
  status();

  CHECK_THAT(metrics.text(), Catch::Contains("codehelper_ingest_jobs_total{outcome=\"succeeded\"} 1"));
}

TEST_CASE_METHOD(KubernetesJobsFixture,
                 "kubernetes jobs: faults of template and credentials show at start, with file and field") {
  const auto fault = [this] { return make().error().message; };
  options.template_file = folder.write("job.yaml", "{apiVersion: batch/v1, kind: CronJob}");
  const std::string wrong_kind = fault();
  options.template_file = "/nowhere.yaml";
  const std::string no_template = fault();
  options.template_file.clear();
  options.place.kubeconfig = "/nowhere/config";
  const std::string no_file = fault();
  options.place.kubeconfig = cluster.write_kubeconfig("{tokenFile: missing-token}");
  const std::string no_token = fault();
  options.place.kubeconfig = "";
  const std::string no_place = fault();

  CHECK_THAT(wrong_kind, Catch::Contains("job.yaml: kind must be Job"));
  CHECK_THAT(no_template, Catch::Contains("INGEST_JOB_TEMPLATE: /nowhere.yaml"));
  CHECK_THAT(no_file, Catch::Contains("/nowhere/config"));
  CHECK_THAT(no_token, Catch::Contains("missing-token can't be used: No such file"));
  CHECK_THAT(no_place, Catch::Contains("set KUBECONFIG"));
}
