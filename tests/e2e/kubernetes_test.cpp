// Whole processes over a Kubernetes API: serve-api, the double, and the pods' `codehelper ingest`, which are real.
#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdio>
#include <future>

#include "support/codehelper_process.hpp"
#include "support/kubernetes_double.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

struct Output {
  int status = 0;
  std::string text;
};

Output run_shell(const std::string& command) {
  Output output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  char bytes[4096];
  for (std::size_t size = 1; size > 0;) {
    size = std::fread(bytes, 1, sizeof bytes, pipe);
    output.text.append(bytes, size);
  }
  output.status = ::pclose(pipe);
  return output;
}

// Until Chroma stands between them, pods and APIs share a data directory, as over a shared volume.
struct ClusterFixture {
  ClusterFixture()
      : data((folder.path() / "data").string()),
        cluster({"--run", CODEHELPER_BINARY, "--env", "CODEHELPER_DATA_DIR=" + data, "--env",
                 "HOME=" + folder.path().string(), "--env", "PATH=" CODEHELPER_TEST_PATH}),
        large((folder.path() / "large").string()),
        variables{
            {"CODEHELPER_DATA_DIR", data}, {"KUBECONFIG", cluster.write_kubeconfig()}, {"INGEST_IMAGE", "ingest:1"}} {
    // Some hundred files: enough to be seen at work.
    std::filesystem::copy(CODEHELPER_TEST_CORPUS "/src", large, std::filesystem::copy_options::recursive);
  }

  struct Api {
    explicit Api(const Variables& with) : process({"serve-api", "--port", "0"}, with), client(process.wait_for_url()) {}
    json::object project() { return client.get("/project").json(); }
    json::object project(const std::string& path) { return client.get("/project?project_path=" + path).json(); }
    ApiAnswer post(const std::string& path) { return client.post("/project", {{"project_path", path}}); }
    void wait_for_status(const std::string& expected) {
      wait_until("index_status " + expected, std::chrono::seconds(120),
                 [&] { return project().at("index_status") == json::value(expected); });
    }

    CodehelperProcess process;
    ApiClient client;
  };

  TemporaryDirectory folder;
  std::string data;
  KubernetesDouble cluster;
  std::string large;
  Variables variables;
};

}  // namespace

TEST_CASE_METHOD(ClusterFixture,
                 "kubernetes: from POST /project to ready over a real pod, as kubectl and Kubernetes' models see it") {
  Api api(variables);

  const ApiAnswer posted = api.post(large);
  const json::object during = api.project();
  api.wait_for_status("ready");
  const json::object after = api.project();
  const ApiAnswer hits = api.client.post("/search", {{"query", "debounceTime"}});
  const ApiAnswer again = api.post(large);

  const std::string id(posted.json().at("job_id").as_string());
  CHECK(posted.status == 200);
  CHECK(during.at("index_status") == "indexing");
  CHECK(during.at("job_id") == json::value(id));
  CHECK(after.at("index").at("files").as_int64() > 200);
  CHECK_FALSE(hits.json().at("hits").as_array().empty());
  CHECK(again.status == 200);
  CHECK(cluster.sent_jobs().size() == 1);

  const std::string kubectl = "kubectl --cache-dir=" + folder.path().string() +
                              "/cache --kubeconfig=" + variables.at("KUBECONFIG") + " -n code-helper ";
  const Output job = run_shell(kubectl + "get jobs " + id + " -o 'jsonpath={.status.conditions[-1].type}'");
  const Output pods = run_shell(kubectl + "get pods -l job-name=" + id + " -o 'jsonpath={.items[0].status.phase}'");
  const Output log = run_shell(kubectl + "logs job/" + id);
  CHECK(job.text == "Complete");
  CHECK(pods.text == "Succeeded");
  CHECK_THAT(log.text, Catch::Contains("ingest_progress") && Catch::Contains("ingest_finished"));

  const auto sent = folder.write("jobs.json", json::serialize(cluster.sent_jobs()));
  const Output checked =
      run_shell("node " CODEHELPER_SOURCE_DIR "/tests/e2e/check_jobs.mjs " + sent.string());
  CHECK(checked.text == "1 checked\n");
}

TEST_CASE_METHOD(ClusterFixture,
                 "kubernetes: one POST on each of two replicas at the same moment gives one 200 and one 409") {
  Api first(variables);
  Api second(variables);

  auto other = std::async(std::launch::async, [&] { return second.post(large); });
  const ApiAnswer mine = first.post(large);
  const ApiAnswer theirs = other.get();
  const json::object seen = second.project();

  const ApiAnswer& won = mine.status == 200 ? mine : theirs;
  const ApiAnswer& lost = mine.status == 200 ? theirs : mine;
  CHECK(won.status == 200);
  CHECK(lost.status == 409);
  CHECK(lost.json().at("error") == "already_indexing");
  CHECK(won.json().at("job_id") == lost.json().at("job_id"));
  CHECK(seen.at("index_status") == "indexing");
  CHECK(cluster.list("jobs").size() == 1);
  first.wait_for_status("ready");
  CHECK(second.project().at("index_status") == "ready");
}

TEST_CASE_METHOD(ClusterFixture,
                 "kubernetes: an API that restarts while indexing knows at once, and one that never heard of it too") {
  std::string id;
  {
    Api api(variables);
    id = std::string(api.post(large).json().at("job_id").as_string());
    api.process.signal(SIGTERM);
    CHECK(api.process.wait() == 0);
  }
  Api again(variables);
  const json::object known = again.project();
  Variables elsewhere = variables;
  elsewhere["CODEHELPER_DATA_DIR"] = (folder.path() / "other").string();
  Api stranger(elsewhere);
  const json::object asked = stranger.project(large);

  CHECK(known.at("index_status") == "indexing");
  CHECK(known.at("job_id") == json::value(id));
  CHECK(asked.at("index_status") == "indexing");
  CHECK(asked.at("job_id") == json::value(id));
  again.wait_for_status("ready");
}

TEST_CASE_METHOD(
    ClusterFixture,
    "kubernetes: while its API is down a POST is a 503 and GET keeps the status, stale; then all is well again") {
  const std::string small = write_sample_repository(folder).string();
  Api api(variables);
  REQUIRE(api.post(small).status == 200);
  api.wait_for_status("ready");
  cluster.control("down");

  const ApiAnswer posted = api.post(small);
  const json::object stale = api.project();
  const ApiAnswer search = api.client.post("/search", {{"query", "parse headers"}});
  cluster.control("up");
  const json::object fresh = api.project();
  const ApiAnswer recovered = api.client.post("/project", {{"project_path", small}, {"reindex", true}});

  CHECK(posted.status == 503);
  CHECK(posted.json().at("error") == "jobs_unavailable");
  CHECK(stale.at("index_status") == "ready");
  CHECK(stale.at("stale") == true);
  CHECK(search.status == 200);
  CHECK_FALSE(fresh.contains("stale"));
  CHECK(fresh.at("index_status") == "ready");
  CHECK(recovered.status == 200);
  api.wait_for_status("ready");
}

TEST_CASE_METHOD(ClusterFixture,
                 "kubernetes: a pod that dies is tried again, a Job that fails says why and can be started again") {
  Api api(variables);
  REQUIRE(api.post(large).status == 200);
  wait_until("a pod at work", std::chrono::seconds(60),
             [&] { return !api.project().at("progress").as_object().empty(); });
  const auto killed = cluster.control("kill", {{"name", "ingest-"}});
  api.wait_for_status("ready");  // by the second attempt

  std::filesystem::rename(large, large + "-away");
  std::filesystem::create_directory(large);  // nothing to index
  REQUIRE(api.client.post("/project", {{"project_path", large}, {"reindex", true}}).status == 200);
  api.wait_for_status("failed");
  const json::object failed = api.project();
  std::filesystem::remove(large);
  std::filesystem::rename(large + "-away", large);
  const ApiAnswer again = api.post(large);

  CHECK(killed.at("killed") == 1);
  CHECK_THAT(std::string(failed.at("cause").as_string()),
             Catch::Contains("BackoffLimitExceeded") && Catch::Contains("no file"));
  CHECK(again.status == 200);
  api.wait_for_status("ready");
}

TEST_CASE_METHOD(ClusterFixture,
                 "kubernetes: a cancelled Job is gone from the cluster, its pod ends, and the status says so") {
  Api api(variables);
  REQUIRE(api.post(large).status == 200);

  const ApiAnswer cancelled = api.client.remove("/project/job");
  const json::object after = api.project();
  const ApiAnswer none = api.client.remove("/project/job");
  const ApiAnswer again = api.post(large);

  CHECK(cancelled.status == 202);
  CHECK(after.at("index_status") == "failed");
  CHECK_THAT(std::string(after.at("cause").as_string()), Catch::Contains("cancelled"));
  CHECK(none.status == 404);
  CHECK(again.status == 200);
  api.wait_for_status("ready");
}

TEST_CASE("kubernetes: a start without a usable cluster or template ends with what is wrong and the way out") {
  TemporaryDirectory folder;
  const auto start = [&](Variables variables) {
    variables["CODEHELPER_DATA_DIR"] = (folder.path() / "data").string();
    return run_codehelper({"serve-api", "--port", "0"}, variables);
  };

  const RunOutcome nowhere = start({{"INGEST_BACKEND", "kubernetes"}});
  const RunOutcome no_file = start({{"KUBECONFIG", "/nowhere/config"}});

  CHECK(nowhere.exit_code == 1);
  CHECK_THAT(nowhere.errors, Catch::Contains(".kube/config") && Catch::Contains("kubeconfig"));
  CHECK(no_file.exit_code == 1);
  CHECK_THAT(no_file.errors, Catch::Contains("/nowhere/config"));
}
