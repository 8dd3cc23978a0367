#include "codehelper/jobs/kubernetes_ingest_jobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "codehelper/base/hash.hpp"
#include "index_outcome.hpp"
#include "kubernetes_access.hpp"
#include "kubernetes_api.hpp"
#include "kubernetes_job_rules.hpp"
#include "kubernetes_job_template.hpp"

namespace codehelper {

namespace {

constexpr int kMaxLooks = 24;
constexpr std::chrono::milliseconds kPause{250};          // between two looks at what is on its way out
constexpr std::chrono::milliseconds kDetailLimit{2'000};  // for progress and logs: a status is worth more than these
constexpr std::size_t kQuotedLogLines = 5;

// The same for every spelling of the project's path.
std::string make_project_key(const Project& project) {
  return sha256_hex(project.root.string()).substr(0, 16);
}

class KubernetesIngestJobs final : public IngestJobs {
 public:
  KubernetesIngestJobs(Metrics& metrics, VectorStore& store, std::unique_ptr<KubernetesApi> api,
                       boost::json::object job_template, KubernetesJobsOptions options)
      : metrics_(metrics),
        store_(store),
        api_(std::move(api)),
        template_(std::move(job_template)),
        options_(std::move(options)) {}

  Task<Result<void>> start(RequestContext context, Project project) override {
    context = context.with_deadline(Deadline::after(options_.limit));
    const JobRequest request = make_request(context, project);
    const std::string other = co_await find_other_active(context, project, request.name);
    if (!other.empty()) co_return fail(ErrorCode::conflict, other);
    for (int look = 0; look < kMaxLooks; ++look) {
      auto found = co_await api_->get_job(context, request.name);
      if (!found) co_return std::unexpected(std::move(found.error()));
      const StartStep step = next_start_step(*found, request.start_id);
      if (step == StartStep::already_started) co_return Result<void>{};
      if (step == StartStep::conflict) co_return fail(ErrorCode::conflict, request.name);
      if (step == StartStep::replace) {
        const auto deleted = co_await api_->delete_job(context, **found);
        if (!deleted) co_return std::unexpected(deleted.error());
        if (*deleted == KubernetesApi::Deleted::is_another) continue;
      }
      const bool has_writer = step != StartStep::wait && co_await has_running_pods(context, request.name);
      if (step == StartStep::wait || has_writer) {
        const auto slept = co_await sleep_for(std::min(kPause, context.deadline.remaining()));
        if (!slept) co_return std::unexpected(slept.error());
        continue;
      }
      const auto created = co_await create(context, request);
      if (!created) co_return std::unexpected(created.error());
      if (*created == KubernetesApi::Created::done) co_return Result<void>{};
    }
    co_return fail(ErrorCode::conflict, request.name);
  }

  Task<Result<JobStatus>> status(RequestContext context, Project project) override {
    context = context.with_deadline(Deadline::after(options_.limit));
    const std::string name = make_job_id(project.posted_path);
    auto found = co_await find_job(context, project, name);
    if (!found) co_return std::unexpected(std::move(found.error()));
    if (*found && (*found)->phase == KubernetesJob::Phase::active) co_return co_await describe_active(context, **found);
    const auto marker = co_await store_.load_marker(context, project);
    if (!marker) co_return std::unexpected(marker.error());
    if (!*found) co_return read_outcome(*marker);  // never started, or deleted when its time was over
    count_end(context, **found);
    JobStatus status;
    status.state = JobState::succeeded;
    if ((*found)->phase == KubernetesJob::Phase::complete) co_return status;
    status.state = JobState::failed;
    status.cause = co_await describe_failure(context, **found, *marker);
    // The Job will be deleted when its time is over: what became of it stays with the index.
    const bool is_unsaid = *marker && (*marker)->state == IndexState::indexing;
    if (is_unsaid) co_await record_failure(context, store_, project, status.cause);
    co_return status;
  }

  Task<Result<void>> cancel(RequestContext context, Project project) override {
    context = context.with_deadline(Deadline::after(options_.limit));
    const std::string name = make_job_id(project.posted_path);
    for (int look = 0; look < kMaxLooks; ++look) {
      auto found = co_await find_job(context, project, name);
      if (!found) co_return std::unexpected(std::move(found.error()));
      if (!*found || (*found)->phase != KubernetesJob::Phase::active) {
        co_return fail(ErrorCode::not_found, "no index job is active");
      }
      if ((*found)->is_being_deleted) co_return Result<void>{};
      const auto deleted = co_await api_->delete_job(context, **found);
      if (!deleted) co_return std::unexpected(deleted.error());
      if (*deleted == KubernetesApi::Deleted::is_another) continue;
      co_await record_failure(context, store_, project, "cancelled");
      if (seen_active_.erase((*found)->uid) > 0) count("cancelled");
      co_return Result<void>{};
    }
    co_return fail(ErrorCode::unavailable, "the Job is replaced again and again; cancel once more");
  }

 private:
  JobRequest make_request(const RequestContext& context, const Project& project) const {
    JobRequest request;
    request.name = make_job_id(project.posted_path);
    request.job_namespace = options_.job_namespace;
    request.image = options_.image;
    request.project_path = project.posted_path;
    request.project_key = make_project_key(project);
    request.request_id = context.request_id;
    request.start_id = make_request_id();
    request.env = options_.env;
    request.shards = options_.shards;
    return request;
  }

  // When no answer comes, or a bad one, the Job may be there all the same.
  Task<Result<KubernetesApi::Created>> create(RequestContext context, JobRequest request) {
    auto created = co_await api_->create_job(context, make_job(template_, request));
    if (created && *created == KubernetesApi::Created::exists_already) co_return created;
    if (!created) {
      const auto found = co_await api_->get_job(context, request.name);
      const bool is_ours = found && next_start_step(*found, request.start_id) == StartStep::already_started;
      if (!is_ours) co_return created;
    }
    context.log.info("ingest_job_created", {{"job_id", request.name}, {"project_path", request.project_path}});
    co_return KubernetesApi::Created::done;
  }

  // The project's own Job, unless it is not active and one of another spelling is.
  Task<Result<std::optional<KubernetesJob>>> find_job(RequestContext context, Project project, std::string name) {
    auto own = co_await api_->get_job(context, name);
    if (!own || (*own && (*own)->phase == KubernetesJob::Phase::active)) co_return own;
    const std::string other = co_await find_other_active(context, project, name);
    if (other.empty()) co_return own;
    co_return co_await api_->get_job(context, other);
  }

  // The name of an active Job of the same project under another spelling of its path, or empty.
  Task<std::string> find_other_active(RequestContext context, Project project, std::string own_name) {
    const auto jobs = co_await api_->list_jobs(context, std::string(kProjectLabel), make_project_key(project));
    if (!jobs) {
      context.log.warning("jobs_not_listed", {{"cause", jobs.error().message}});
      co_return std::string();
    }
    const auto found = std::ranges::find_if(*jobs, [&](const KubernetesJob& job) {
      return job.name != own_name && job.phase == KubernetesJob::Phase::active;
    });
    co_return found == jobs->end() ? std::string() : found->name;
  }

  // The pods of a deleted Job end some seconds later: a new one beside them would be a second writer.
  Task<bool> has_running_pods(RequestContext context, std::string name) {
    const auto pods = co_await api_->list_pods(context, name);
    if (!pods) {
      context.log.warning("pods_not_listed", {{"cause", pods.error().message}});
      co_return false;
    }
    co_return std::ranges::any_of(*pods, &KubernetesPod::is_running);
  }

  Task<Result<JobStatus>> describe_active(RequestContext context, KubernetesJob job) {
    if (!job.uid.empty()) seen_active_.insert(job.uid);
    JobStatus status;
    status.state = JobState::active;
    status.job_id = job.name;
    status.detail = job.detail;
    context = context.with_deadline(Deadline::after(kDetailLimit));
    const auto pods = co_await api_->list_pods(context, job.name);
    if (!pods) co_return status;
    std::vector<IndexProgress> reports;
    for (const KubernetesPod& pod : newest_of_each_shard(*pods)) {
      if (!pod.waits_for.empty()) status.detail += fmt::format("; {} waits: {}", pod.name, pod.waits_for);
      const auto log = co_await api_->read_log(context, pod.name);
      const auto report = log ? find_progress(*log) : std::nullopt;
      if (report) reports.push_back(*report);
    }
    status.progress = add_up(reports);
    co_return status;
  }

  // The server's reason, and the last words of the newest pod that failed; of the index when no log is left.
  Task<std::string> describe_failure(RequestContext context, KubernetesJob job, std::optional<IndexMarker> marker) {
    context = context.with_deadline(Deadline::after(kDetailLimit));
    std::string words;
    const auto pods = co_await api_->list_pods(context, job.name);
    if (pods && !pods->empty()) {
      const auto failed = std::ranges::find_if(*pods, &KubernetesPod::has_failed);
      const std::string pod = failed == pods->end() ? pods->front().name : failed->name;
      const auto log = co_await api_->read_log(context, pod);
      if (log) words = last_lines(*log, kQuotedLogLines);
    }
    if (words.empty() && marker && marker->state == IndexState::failed) words = marker->cause;
    if (words.empty()) co_return job.cause;
    co_return job.cause.empty() ? words : job.cause + "\n" + words;
  }

  void count(std::string_view outcome) {
    metrics_.count("codehelper_ingest_jobs_total", "Index jobs that ended, by outcome.",
                   {{"outcome", std::string(outcome)}});
  }

  // Each Job once, and only those that this process has seen at work.
  void count_end(const RequestContext& context, const KubernetesJob& job) {
    if (seen_active_.erase(job.uid) == 0) return;
    const bool succeeded = job.phase == KubernetesJob::Phase::complete;
    count(succeeded ? "succeeded" : "failed");
    context.log.info("ingest_job_ended", {{"job_id", job.name}, {"succeeded", succeeded}});
  }

  Metrics& metrics_;
  VectorStore& store_;
  std::unique_ptr<KubernetesApi> api_;
  boost::json::object template_;
  KubernetesJobsOptions options_;
  std::set<std::string> seen_active_;  // uids
};

Result<boost::json::object> load_template(const std::filesystem::path& file) {
  if (file.empty()) return parse_job_template("the built-in Job template", default_job_template());
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream)
    return fail(ErrorCode::invalid_input, fmt::format("INGEST_JOB_TEMPLATE: {} can't be read", file.string()));
  return parse_job_template(file.string(), text);
}

}  // namespace

Result<std::unique_ptr<IngestJobs>> make_kubernetes_ingest_jobs(EventLoop& loop, Metrics& metrics, VectorStore& store,
                                                                KubernetesJobsOptions options) {
  auto job_template = load_template(options.template_file);
  if (!job_template) return std::unexpected(std::move(job_template.error()));
  auto access = load_kubernetes_access(options.place);
  if (!access) return std::unexpected(std::move(access.error()));
  if (options.job_namespace.empty()) options.job_namespace = access->default_namespace;
  if (options.job_namespace.empty()) options.job_namespace = "code-helper";
  KubernetesApi::Options api_options{
      std::move(*access), {options.supervisor, options.plugin_env}, options.job_namespace};
  auto api = KubernetesApi::make(loop, metrics, std::move(api_options));
  if (!api) return std::unexpected(std::move(api.error()));
  return std::make_unique<KubernetesIngestJobs>(metrics, store, std::move(*api), std::move(*job_template),
                                                std::move(options));
}

}  // namespace codehelper
