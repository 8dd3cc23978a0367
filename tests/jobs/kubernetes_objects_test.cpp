#include "kubernetes_objects.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "codehelper/jobs/ingest_events.hpp"
#include "kubernetes_job_rules.hpp"

using namespace codehelper;

namespace {

using Phase = KubernetesJob::Phase;

std::string job_text(const std::string& status, const std::string& spec = R"({"backoffLimit":2})",
                     const std::string& metadata = "") {
  return R"({"kind":"Job","metadata":{"name":"ingest-abc","uid":"u1")" + metadata + R"(},"spec":)" + spec +
         R"(,"status":)" + status + "}";
}

std::string condition(const std::string& type, const std::string& more = "", const std::string& value = "True") {
  return R"({"type":")" + type + R"(","status":")" + value + "\"" + more + "}";
}

std::string conditions(const std::string& list) {
  return R"({"conditions":[)" + list + "]}";
}

KubernetesJob parse(const std::string& text) {
  return parse_kubernetes_job(text).value();
}

std::string pod_text(const std::string& name, const std::string& created, const std::string& status,
                     const std::string& shard = "0") {
  return R"({"metadata":{"name":")" + name + R"(","creationTimestamp":")" + created +
         R"(","annotations":{"batch.kubernetes.io/job-completion-index":")" + shard + R"("}},"status":)" + status + "}";
}

std::vector<KubernetesPod> parse_pods(const std::string& items) {
  return parse_kubernetes_pods(R"({"kind":"PodList","items":[)" + items + "]}").value();
}

}  // namespace

TEST_CASE("kubernetes job: the captured sequence of a retry is active until the condition says Complete") {
  const auto [status, phase, detail] = GENERATE(table<std::string, Phase, std::string>({
      {"{}", Phase::active, "attempt 1 of 3"},
      {R"({"startTime":"t","active":1})", Phase::active, "attempt 1 of 3"},
      {R"({"startTime":"t","active":1,"failed":1})", Phase::active, "attempt 2 of 3"},
      {R"({"startTime":"t","failed":1})", Phase::active, "attempt 2 of 3"},
      {R"({"startTime":"t","failed":3})", Phase::active, "attempt 3 of 3"},
      {R"({"succeeded":1,"uncountedTerminatedPods":{}})", Phase::active, "attempt 1 of 3"},
      {R"({"conditions":[{"type":"Complete","status":"True"}],"completionTime":"t","succeeded":1,"failed":1})",
       Phase::complete, ""},
      {conditions(condition("SuccessCriteriaMet")), Phase::active, "finishing"},
      {conditions(condition("SuccessCriteriaMet") + "," + condition("Complete")), Phase::complete, ""},
      {conditions(condition("FailureTarget", R"(,"reason":"BackoffLimitExceeded","message":"m")")), Phase::active,
       "failing: BackoffLimitExceeded: m"},
      {conditions(condition("Failed", "", "False")), Phase::active, "attempt 1 of 3"},
      {conditions(condition("Complete", "", "Unknown")), Phase::active, "attempt 1 of 3"},
      {conditions(condition("Suspended")), Phase::active, "the Job is suspended"},
      {conditions(condition("Suspended", "", "False")), Phase::active, "attempt 1 of 3"},
  }));

  const KubernetesJob job = parse(job_text(status));

  CHECK(job.phase == phase);
  CHECK(job.detail == detail);
  CHECK(job.cause.empty());
}

TEST_CASE("kubernetes job: Failed brings the server's reason and message") {
  const auto failed = parse(job_text(conditions(
      condition("FailureTarget") + "," +
      condition("Failed",
                R"(,"reason":"DeadlineExceeded","message":"Job was active longer than specified deadline")"))));

  CHECK(failed.phase == Phase::failed);
  CHECK(failed.cause == "DeadlineExceeded: Job was active longer than specified deadline");
  CHECK(parse(job_text(conditions(condition("Failed")))).cause.empty());
}

TEST_CASE("kubernetes job: deletion, shards and our own annotation are seen") {
  const auto job = parse(job_text(R"({"succeeded":2,"failed":1})", R"({"completionMode":"Indexed","completions":4})",
                                  R"(,"annotations":{"codehelper.dev/start-id":"s1"})"));
  const auto deleted = parse(job_text("{}", "{}", R"(,"deletionTimestamp":"2026-01-01T00:00:00Z")"));

  CHECK(job.uid == "u1");
  CHECK(job.start_id == "s1");
  CHECK(job.shards == 4);
  CHECK(job.detail == "2 of 4 shards done, 1 attempts failed");
  CHECK(deleted.is_being_deleted);
  CHECK(deleted.phase == Phase::active);
  CHECK(deleted.detail == "the Job is being deleted");
}

TEST_CASE("kubernetes job: what is no Job is malformed, odd types in one count as nothing") {
  CHECK_FALSE(parse_kubernetes_job("<html>"));
  CHECK_FALSE(parse_kubernetes_job("[]"));
  CHECK_FALSE(parse_kubernetes_job(R"({"kind":"Status"})"));
  CHECK(parse(R"({"metadata":{"name":"x"},"spec":7,"status":{"conditions":[null,3,{"type":"Failed"}],"failed":-1}})")
            .phase == Phase::active);
  const auto list = parse_kubernetes_job_list(R"({"items":[)" + job_text("{}") + "]}");
  REQUIRE(list);
  CHECK(list->size() == 1);
  CHECK_FALSE(parse_kubernetes_job_list(R"({"items":[5]})"));
}

TEST_CASE("start step: a Job that is found is ours, in the way, finished or on its way out") {
  const auto step = [](const std::string& status, const std::string& metadata = "") {
    return next_start_step(parse(job_text(status, "{}", metadata)), "mine");
  };
  const std::string deleting = R"(,"deletionTimestamp":"t")";

  CHECK(next_start_step(std::nullopt, "mine") == StartStep::create);
  CHECK(step("{}") == StartStep::conflict);
  CHECK(step(R"({"failed":1})") == StartStep::conflict);
  CHECK(step("{}", R"(,"annotations":{"codehelper.dev/start-id":"mine"})") == StartStep::already_started);
  CHECK(step("{}", R"(,"annotations":{"codehelper.dev/start-id":"other"})") == StartStep::conflict);
  CHECK(step(conditions(condition("Complete"))) == StartStep::replace);
  CHECK(step(conditions(condition("Failed"))) == StartStep::replace);
  CHECK(step("{}", deleting) == StartStep::wait);
  CHECK(step(conditions(condition("Failed")), deleting) == StartStep::wait);
}

TEST_CASE("kubernetes pods: newest first, with what they wait for") {
  const auto pods = parse_pods(
      pod_text("a", "2026-01-01T00:00:01Z", R"({"phase":"Failed"})") + "," +
      pod_text(
          "c", "2026-01-01T00:00:03Z",
          R"({"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff","message":"no image"}}}]})") +
      "," +
      pod_text("b", "2026-01-01T00:00:02Z",
               R"({"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ContainerCreating"}}}]})") +
      "," +
      pod_text(
          "d", "2026-01-01T00:00:00Z",
          R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/1 nodes"}]})") +
      "," + pod_text("../evil", "2026-01-01T00:00:09Z", "{}"));

  REQUIRE(pods.size() == 4);
  CHECK(pods[0].name == "c");
  CHECK(pods[0].waits_for == "ImagePullBackOff: no image");
  CHECK(pods[1].name == "b");
  CHECK(pods[1].waits_for.empty());
  CHECK(pods[2].has_failed);
  CHECK_FALSE(pods[2].is_running);
  CHECK(pods[3].waits_for == "Unschedulable: 0/1 nodes");
}

TEST_CASE("kubernetes pods: of each shard the newest counts, and progress adds up") {
  const auto pods = parse_pods(pod_text("a", "2026-01-01T00:00:01Z", "{}", "0") + "," +
                               pod_text("b", "2026-01-01T00:00:02Z", "{}", "0") + "," +
                               pod_text("c", "2026-01-01T00:00:01Z", "{}", "1"));
  const auto newest = newest_of_each_shard(pods);
  const auto sum = add_up({IndexProgress{1, 10, 2, 3, 9, 4.0}, IndexProgress{5, 20, 6, 7, 8, 3.0}});

  REQUIRE(newest.size() == 2);
  CHECK(newest[0].name == "b");
  CHECK(newest[1].name == "c");
  REQUIRE(sum);
  CHECK(sum->files_done == 6);
  CHECK(sum->files_total == 30);
  CHECK(sum->chunks == 8);
  CHECK(sum->embedded_files == 10);
  CHECK(sum->seconds == 4.0);
  CHECK_FALSE(add_up({}));
}

TEST_CASE("kubernetes refusal: the server's own words, and nonsense told from a real 404") {
  const auto real =
      parse_kubernetes_refusal({}, 409, R"({"kind":"Status","message":"exists","reason":"AlreadyExists"})");
  const auto proxy = parse_kubernetes_refusal({}, 502, "<html>bad gateway</html>");
  const auto wrong_server = parse_kubernetes_refusal({}, 404, "404 page not found\n");

  REQUIRE(real);
  CHECK(real->reason == "AlreadyExists");
  CHECK(real->message == "exists");
  REQUIRE(proxy);
  CHECK(proxy->message == "it answered 502");
  CHECK_FALSE(wrong_server);
}

TEST_CASE("pod log: the last progress counts, and the last other lines are for people") {
  const std::string log =
      "{\"event\":\"ingest_started\"}\n{\"event\":\"ingest_progress\",\"files_done\":1,\"files_total\":9}\n"
      "first\n\nsecond\n{\"event\":\"ingest_progress\",\"files_done\":4,\"files_total\":9,\"seconds\":2.5}\n" +
      std::string(1000, 'x') + "\nlast \xff";

  const auto progress = find_progress(log);

  REQUIRE(progress);
  CHECK(progress->files_done == 4);
  CHECK(progress->seconds == 2.5);
  CHECK(last_lines(log, 3) == "second\n" + std::string(400, 'x') + "\nlast \xEF\xBF\xBD");
  CHECK(last_lines("", 3).empty());
  CHECK_FALSE(find_progress("{\"event\":\"ingest_progress\""));
}

TEST_CASE("ingest events: what the ingest writes is read back, other lines are nothing") {
  auto fields = to_json(IndexProgress{1, 2, 3, 4, 6, 5.5});
  fields["event"] = kIngestProgress;
  const auto event = parse_ingest_event(boost::json::serialize(fields));

  REQUIRE(event);
  CHECK(event->kind == IngestEvent::Kind::progress);
  CHECK(event->progress.embedded_files == 4);
  CHECK(event->progress.seconds == 5.5);
  CHECK(parse_ingest_event(R"({"event":"ingest_started"})")->kind == IngestEvent::Kind::started);
  CHECK_FALSE(parse_ingest_event(R"({"event":5})"));
  CHECK_FALSE(parse_ingest_event("codehelper ingest: disk full"));
  CHECK(parse_ingest_event(R"({"event":"ingest_progress","files_done":-1,"chunks":1e99})")->progress.files_done == 0);
}
