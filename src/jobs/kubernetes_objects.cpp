#include "kubernetes_objects.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/jobs/ingest_events.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kLongestLine = 400;
constexpr std::uint64_t kDefaultBackoffLimit = 6;

// Foreign objects are read leniently: what is missing or of another type counts as empty.
const json::object& object_in(const json::object& object, std::string_view field) {
  static const json::object kEmpty;
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_object() ? value->as_object() : kEmpty;
}

const json::array& list_in(const json::object& object, std::string_view field) {
  static const json::array kEmpty;
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_array() ? value->as_array() : kEmpty;
}

// Null when no condition of that type is true.
const json::object* find_condition(const json::object& status, std::string_view type, std::string_view value = "True") {
  for (const json::value& item : list_in(status, "conditions")) {
    if (!item.is_object()) continue;
    const json::object& condition = item.as_object();
    if (text_in(condition, "type") == type && text_in(condition, "status") == value) return &condition;
  }
  return nullptr;
}

std::string describe(const json::object& reason_and_message) {
  const std::string reason = text_in(reason_and_message, "reason");
  std::string message = text_in(reason_and_message, "message");
  if (reason.empty()) return message;
  return message.empty() ? reason : reason + ": " + message;
}

std::string describe_attempt(const json::object& spec, const json::object& status, std::uint64_t shards) {
  const std::uint64_t failed = count_in(status, "failed");
  if (shards > 1) {
    return fmt::format("{} of {} shards done, {} attempts failed", count_in(status, "succeeded"), shards, failed);
  }
  const std::uint64_t limit = count_in(spec, "backoffLimit", kDefaultBackoffLimit);
  return fmt::format("attempt {} of {}", std::min(failed, limit) + 1, limit + 1);
}

std::string describe_activity(const KubernetesJob& job, const json::object& spec, const json::object& status) {
  if (job.is_being_deleted) return "the Job is being deleted";
  if (const auto* failing = find_condition(status, "FailureTarget")) return "failing: " + describe(*failing);
  if (find_condition(status, "SuccessCriteriaMet") != nullptr) return "finishing";
  if (find_condition(status, "Suspended") != nullptr) return "the Job is suspended";
  return describe_attempt(spec, status, job.shards);
}

Result<KubernetesJob> read_job(const json::object& root) {
  const json::object& metadata = object_in(root, "metadata");
  const json::object& spec = object_in(root, "spec");
  const json::object& status = object_in(root, "status");
  KubernetesJob job;
  job.name = text_in(metadata, "name");
  if (job.name.empty()) return fail(ErrorCode::malformed, "the answer is no Job: metadata.name is missing");
  job.uid = text_in(metadata, "uid");
  job.start_id = text_in(object_in(metadata, "annotations"), kStartAnnotation);
  job.is_being_deleted = !text_in(metadata, "deletionTimestamp").empty();
  if (text_in(spec, "completionMode") == "Indexed") job.shards = count_in(spec, "completions", 1);
  if (find_condition(status, "Complete") != nullptr) {
    job.phase = KubernetesJob::Phase::complete;
  } else if (const auto* failed = find_condition(status, "Failed")) {
    job.phase = KubernetesJob::Phase::failed;
    job.cause = describe(*failed);
  } else {
    job.detail = describe_activity(job, spec, status);
  }
  return job;
}

// Its name goes into the path of a call.
bool is_object_name(std::string_view name) {
  const auto is_fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, is_fine);
}

std::uint64_t read_shard(const json::object& metadata) {
  constexpr std::string_view kIndex = "batch.kubernetes.io/job-completion-index";
  const std::string text = text_in(object_in(metadata, "annotations"), kIndex);
  std::uint64_t shard = 0;
  std::from_chars(text.data(), text.data() + text.size(), shard);
  return shard;
}

std::string find_waiting(const json::object& status) {
  for (const json::value& item : list_in(status, "containerStatuses")) {
    if (!item.is_object()) continue;
    const json::object& waiting = object_in(object_in(item.as_object(), "state"), "waiting");
    const std::string reason = text_in(waiting, "reason");
    const bool is_usual = reason == "ContainerCreating" || reason == "PodInitializing";
    if (!reason.empty() && !is_usual) return describe(waiting);
  }
  const json::object* unscheduled = find_condition(status, "PodScheduled", "False");
  return unscheduled == nullptr ? std::string() : describe(*unscheduled);
}

KubernetesPod read_pod(const json::object& root) {
  const json::object& metadata = object_in(root, "metadata");
  const json::object& status = object_in(root, "status");
  KubernetesPod pod;
  pod.name = text_in(metadata, "name");
  pod.created = text_in(metadata, "creationTimestamp");
  pod.shard = read_shard(metadata);
  const std::string phase = text_in(status, "phase");
  pod.has_failed = phase == "Failed";
  pod.is_running = phase != "Failed" && phase != "Succeeded";
  if (pod.is_running) pod.waits_for = find_waiting(status);
  return pod;
}

Result<json::object> parse_object(std::string_view text) {
  auto root = parse_json_object(text);
  if (!root) return fail(ErrorCode::malformed, "the answer is no JSON object, so no Kubernetes API gave it");
  return root;
}

template <class Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

Result<KubernetesJob> parse_kubernetes_job(std::string_view text) {
  const auto root = parse_object(text);
  if (!root) return std::unexpected(root.error());
  return read_job(*root);
}

Result<std::vector<KubernetesJob>> parse_kubernetes_job_list(std::string_view text) {
  const auto root = parse_object(text);
  if (!root) return std::unexpected(root.error());
  std::vector<KubernetesJob> jobs;
  for (const json::value& item : list_in(*root, "items")) {
    auto job = read_job(item.is_object() ? item.as_object() : json::object());
    if (!job) return std::unexpected(std::move(job.error()));
    jobs.push_back(std::move(*job));
  }
  return jobs;
}

Result<std::vector<KubernetesPod>> parse_kubernetes_pods(std::string_view text) {
  const auto root = parse_object(text);
  if (!root) return std::unexpected(root.error());
  std::vector<KubernetesPod> pods;
  for (const json::value& item : list_in(*root, "items")) {
    if (item.is_object()) pods.push_back(read_pod(item.as_object()));
  }
  std::erase_if(pods, [](const KubernetesPod& pod) { return !is_object_name(pod.name); });
  std::ranges::sort(pods, std::ranges::greater(),
                    [](const KubernetesPod& pod) { return std::tie(pod.created, pod.name); });
  return pods;
}

std::vector<KubernetesPod> newest_of_each_shard(const std::vector<KubernetesPod>& newest_first) {
  std::vector<KubernetesPod> newest;
  for (const KubernetesPod& pod : newest_first) {
    const bool is_known = std::ranges::find(newest, pod.shard, &KubernetesPod::shard) != newest.end();
    if (!is_known) newest.push_back(pod);
  }
  return newest;
}

Result<KubernetesRefusal> parse_kubernetes_refusal(const HttpHeaders& headers, int status, std::string_view body) {
  const auto root = parse_json_object(body);
  if (!root && (status == 404 || status < 400)) {
    const auto type = headers.find("Content-Type").value_or("no type");
    return fail(ErrorCode::malformed, fmt::format("it answered {} with {}, not with JSON", status, type));
  }
  // Something on the way may have answered in the server's place, but a refusal it is.
  if (!root) return KubernetesRefusal{{}, fmt::format("it answered {}", status)};
  KubernetesRefusal refusal{text_in(*root, "reason"), text_in(*root, "message")};
  if (refusal.message.empty()) refusal.message = fmt::format("it answered {}", status);
  return refusal;
}

std::optional<IndexProgress> find_progress(std::string_view log) {
  std::optional<IndexProgress> last;
  for_each_line(log, [&](std::string_view line) {
    const auto event = parse_ingest_event(line);
    if (event && event->kind == IngestEvent::Kind::progress) last = event->progress;
  });
  return last;
}

std::string last_lines(std::string_view log, std::size_t lines) {
  std::vector<std::string_view> kept;
  for_each_line(log, [&](std::string_view line) {
    if (!line.empty() && !parse_ingest_event(line)) kept.push_back(line);
  });
  std::string text;
  for (std::size_t i = kept.size() - std::min(lines, kept.size()); i < kept.size(); ++i) {
    if (!text.empty()) text += '\n';
    text += to_valid_utf8(kept[i].substr(0, kLongestLine));
  }
  return text;
}

}  // namespace codehelper
