// What a Kubernetes API says of Jobs (batch/v1), their pods and its own refusals. Pure readers of foreign JSON.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/index/indexer.hpp"
#include "codehelper/net/http.hpp"

namespace codehelper {

/// Ours, on each Job that we create.
inline constexpr std::string_view kProjectLabel = "codehelper.dev/project";         // digits of the root's hash
inline constexpr std::string_view kPathAnnotation = "codehelper.dev/project-path";  // as posted
inline constexpr std::string_view kRequestAnnotation = "codehelper.dev/request-id";
inline constexpr std::string_view kStartAnnotation = "codehelper.dev/start-id";  // names one start of one process

struct KubernetesJob {
  enum class Phase { active, complete, failed };

  std::string name;
  std::string uid;
  Phase phase = Phase::active;  // by conditions only: counts of pods say nothing about the Job
  bool is_being_deleted = false;
  std::string start_id;
  std::string cause;         // of `failed`: reason and message
  std::string detail;        // of `active`, for people
  std::uint64_t shards = 1;  // completions of an Indexed Job
};
/// Errors: malformed.
Result<KubernetesJob> parse_kubernetes_job(std::string_view text);
Result<std::vector<KubernetesJob>> parse_kubernetes_job_list(std::string_view text);

struct KubernetesPod {
  std::string name;
  std::string created;      // RFC 3339, UTC: sorts as text
  std::uint64_t shard = 0;  // of an Indexed Job
  bool is_running = true;   // or waiting to; false once it has ended for good
  bool has_failed = false;
  std::string waits_for;  // "ImagePullBackOff: …" when it can't start; may be empty
};
/// Newest first. Errors: malformed.
Result<std::vector<KubernetesPod>> parse_kubernetes_pods(std::string_view text);
/// The newest pod of each shard.
std::vector<KubernetesPod> newest_of_each_shard(const std::vector<KubernetesPod>& newest_first);

/// Why the server refused, in its own words where it has some. `reason` is empty when it gave none.
struct KubernetesRefusal {
  std::string reason;  // "AlreadyExists", "Conflict", "NotFound", …
  std::string message;
};
/// Errors: malformed when the answer can't come from a Kubernetes API.
Result<KubernetesRefusal> parse_kubernetes_refusal(const HttpHeaders& headers, int status, std::string_view body);

/// The last report of progress in a pod's log.
std::optional<IndexProgress> find_progress(std::string_view log);
/// The last lines that are no reports of progress, for people: at most `lines`, the long ones cut.
std::string last_lines(std::string_view log, std::size_t lines);

}  // namespace codehelper
