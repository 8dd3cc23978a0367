// IngestJobs as Jobs (batch/v1) of a Kubernetes cluster. All state lives in the cluster and with the index, so that
// every replica of the API gives the same answers, also after a restart.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "codehelper/base/metrics.hpp"
#include "codehelper/jobs/ingest_jobs.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

/// Where the API is: a kubeconfig counts before the cluster that this process runs in.
struct KubernetesPlace {
  std::string kubeconfig;    // files, with ':' between them; empty = in the cluster
  std::string service_host;  // of the cluster's API, as the kubelet tells it
  std::string service_port;
  std::filesystem::path account_dir = "/var/run/secrets/kubernetes.io/serviceaccount";

  /// Whether the kubelet gave this process an account.
  bool is_in_cluster() const;
};

struct KubernetesJobsOptions {
  KubernetesPlace place;
  std::string job_namespace;  // empty = the account's, else the kubeconfig context's, else "code-helper"
  std::string image;
  std::filesystem::path template_file;      // empty = the built-in one
  std::map<std::string, std::string> env;   // of the ingest
  unsigned shards = 1;                      // over 1: an Indexed Job of so many pods
  std::chrono::milliseconds limit{10'000};  // of one call of IngestJobs, retries and waiting included
  std::filesystem::path supervisor;         // the codehelper executable: runs credential plugins
  std::map<std::string, std::string> plugin_env;
};

/// Reads credentials and template, but asks no server yet: one that is down is no error here. Errors: invalid_input,
/// malformed and unavailable, with file and field. All references outlive it.
Result<std::unique_ptr<IngestJobs>> make_kubernetes_ingest_jobs(EventLoop& loop, Metrics& metrics, VectorStore& store,
                                                                KubernetesJobsOptions options);

}  // namespace codehelper
