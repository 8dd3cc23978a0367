// Calls of a Kubernetes API about Jobs and their pods: credentials fresh for each call, asked once more after a 401,
// Retry-After obeyed within the limit of the call.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/base/metrics.hpp"
#include "codehelper/net/http_client.hpp"
#include "kubernetes_credentials.hpp"
#include "kubernetes_objects.hpp"

namespace codehelper {

/// Errors of all calls: unavailable (can't be reached, refuses, answers with nonsense; the message holds the server's
/// own), cancelled. Each call ends by the deadline of its context.
class KubernetesApi {
 public:
  struct Options {
    KubernetesAccess access;
    ExecSurroundings surroundings;
    std::string job_namespace;
    std::chrono::milliseconds call_limit{5'000};  // of one exchange; the context's deadline holds for all of a call
  };
  /// Reads the credentials once, so that a fault in them shows at start. Errors: invalid_input, unavailable. `loop` and
  /// `metrics` outlive it.
  static Result<std::unique_ptr<KubernetesApi>> make(EventLoop& loop, Metrics& metrics, Options options);

  /// Nothing when there is none.
  Task<Result<std::optional<KubernetesJob>>> get_job(RequestContext context, std::string name);
  Task<Result<std::vector<KubernetesJob>>> list_jobs(RequestContext context, std::string label, std::string value);
  enum class Created { done, exists_already };
  Task<Result<Created>> create_job(RequestContext context, boost::json::object job);
  enum class Deleted { done, is_another };
  /// In the background, and only while it is still that one; gone already is done.
  Task<Result<Deleted>> delete_job(RequestContext context, KubernetesJob job);
  /// Newest first.
  Task<Result<std::vector<KubernetesPod>>> list_pods(RequestContext context, std::string job_name);
  /// The end of its log; empty when there is none yet, or none any more.
  Task<Result<std::string>> read_log(RequestContext context, std::string pod);

 private:
  KubernetesApi(EventLoop& loop, Metrics& metrics, Options options);
  Result<std::shared_ptr<HttpClient>> make_client(const TlsOptions& tls);
  Task<Result<HttpAnswer>> call(RequestContext context, HttpCall call);
  Task<Result<HttpAnswer>> call_once(RequestContext context, HttpCall call);

  EventLoop& loop_;
  Metrics& metrics_;
  Options options_;
  KubernetesCredentialSource source_;
  TlsOptions tls_;  // of `client_`
  std::shared_ptr<HttpClient> client_;
  std::string jobs_path_;
  std::string pods_path_;
};

}  // namespace codehelper
