// The Kubernetes adapter of index jobs over the double of a Kubernetes API, in this process.
#pragma once

#include <fmt/format.h>

#include "codehelper/jobs/kubernetes_ingest_jobs.hpp"
#include "support/index_samples.hpp"
#include "support/kubernetes_double.hpp"

namespace codehelper::test {

struct KubernetesJobsFixture {
  KubernetesJobsFixture() {
    folder.write("repo/main.py", "print(1)\n");
    project = open_project((folder.path() / "repo").string()).value();
    store = open_embedded_store(loop, folder.path() / "data");
    options.image = "code-helper-ingest:test";
    options.env = {{"VECTOR_DB_URL", "http://chroma:8000"}};
    options.place.kubeconfig = cluster.write_kubeconfig();
    options.supervisor = CODEHELPER_BINARY;
    options.plugin_env = {{"PATH", CODEHELPER_TEST_PATH}};
  }

  Result<std::unique_ptr<IngestJobs>> make() { return make_kubernetes_ingest_jobs(loop, metrics, *store, options); }
  void open() { jobs = make().value(); }
  Result<void> start() { return run_until_done(loop, jobs->start(context, project)); }
  Result<JobStatus> status() { return run_until_done(loop, jobs->status(context, project)); }
  Result<void> cancel() { return run_until_done(loop, jobs->cancel(context, project)); }

  std::string id() const { return make_job_id(project.posted_path); }
  std::string job_path() const { return "/apis/batch/v1/namespaces/code-helper/jobs/" + id(); }
  boost::json::object job() { return cluster.list("jobs").at(0).as_object(); }
  void set_status(boost::json::object status) {
    cluster.control("job", {{"name", id()}, {"status", std::move(status)}});
  }
  void finish(std::string_view condition, std::string_view reason = "", std::string_view message = "") {
    boost::json::object ended{{"type", condition}, {"status", "True"}, {"reason", reason}, {"message", message}};
    set_status({{"conditions", boost::json::array{std::move(ended)}}});
  }
  void add_pod(boost::json::object status, const std::string& log, boost::json::object more = {}) {
    more["job"] = id();
    more["status"] = std::move(status);
    more["log"] = log;
    cluster.control("pod", more);
  }
  void write_marker(IndexState state, const std::string& cause = "") {
    IndexBatch batch;
    batch.marker = make_ready_marker();
    batch.marker->state = state;
    batch.marker->cause = cause;
    run_until_done(loop, store->apply({}, project, std::move(batch))).value();
  }
  IndexMarker marker() { return run_until_done(loop, store->load_marker({}, project)).value().value(); }

  TemporaryDirectory folder;
  KubernetesDouble cluster;
  EventLoop loop{2};
  Metrics metrics;
  std::unique_ptr<VectorStore> store;
  Project project;
  KubernetesJobsOptions options;
  RequestContext context{.request_id = "request-7"};
  std::unique_ptr<IngestJobs> jobs;
};

}  // namespace codehelper::test
