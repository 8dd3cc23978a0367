#include "codehelper/jobs/projects.hpp"

#include <fmt/format.h>

#include <utility>

#include "codehelper/base/path.hpp"
#include "codehelper/index/index_check.hpp"

namespace codehelper {

namespace {

/// Of the look at the shared state, and of that at job and index: both together end within a request's budget, so that
/// there is time to tell the last known status.
constexpr std::chrono::milliseconds kLookLimit{10'000};

void record_index(Metrics& metrics, const ProjectStatus& status) {
  const IndexMarker shown = status.index.value_or(IndexMarker{});
  metrics.set("codehelper_index_files", "Files in the index that was asked about last.", {},
              static_cast<double>(shown.files));
  metrics.set("codehelper_index_chunks", "Chunks in the index that was asked about last.", {},
              static_cast<double>(shown.chunks));
  metrics.set("codehelper_index_bytes", "What that index takes of this disk.", {},
              static_cast<double>(status.index_bytes));
}

}  // namespace

Projects::Projects(Metrics& metrics, SharedState& state, VectorStore& store, IngestJobs& jobs, Options options)
    : metrics_(metrics), state_(state), store_(store), jobs_(jobs), options_(std::move(options)) {}

Result<void> Projects::check_place(const Project& project) const {
  if (!std::filesystem::path(project.posted_path).is_absolute()) {
    return fail(ErrorCode::invalid_input, fmt::format("project_path \"{}\" must be absolute", project.posted_path));
  }
  if (options_.allowed_root && !is_inside(project.root, *options_.allowed_root)) {
    return fail(ErrorCode::invalid_input, fmt::format("project_path \"{}\" lies outside the allowed root {}",
                                                      project.posted_path, options_.allowed_root->string()));
  }
  return {};
}

Result<Project> Projects::name_placed_project(const std::string& path) const {
  auto project = name_project(path);
  if (!project) return project;
  const auto placed = check_place(*project);
  if (!placed) return std::unexpected(placed.error());
  return project;
}

Task<Result<void>> Projects::refresh_current(RequestContext context) {
  const RequestContext limited = context.with_deadline(Deadline::after(kLookLimit));
  const auto loaded = co_await state_.load(limited);
  if (!loaded) co_return std::unexpected(loaded.error());
  current_.reset();
  pinned_repo_.clear();
  if (!*loaded) co_return Result<void>{};
  auto project = name_placed_project((*loaded)->project_path);
  if (!project) co_return Result<void>{};  // another server's allowed root
  current_ = std::move(*project);
  pinned_repo_ = (*loaded)->pinned_repo;
  co_return Result<void>{};
}

Task<Result<std::string>> Projects::post(RequestContext context, ProjectPost post) {
  auto opened = open_project(post.project_path);
  if (!opened) co_return std::unexpected(opened.error());
  const Project project = std::move(*opened);
  const auto placed = check_place(project);
  if (!placed) co_return std::unexpected(placed.error());

  // Current from here on, whatever becomes of the job: a conflict means that it is indexed already.
  const auto refreshed = co_await refresh_current(context);
  if (!refreshed) co_return std::unexpected(refreshed.error());
  const bool is_other = !current_ || current_->root != project.root;
  const std::string pinned_repo = is_other || post.pinned_repo ? post.pinned_repo.value_or("") : pinned_repo_;
  const bool is_known = current_ && current_->posted_path == project.posted_path && pinned_repo == pinned_repo_;
  if (!is_known) {  // a full disk is no obstacle to what needs no room
    CurrentProject shared{project.posted_path, pinned_repo};
    const auto saved = co_await state_.save(context, std::move(shared));
    if (!saved) co_return std::unexpected(saved.error());
  }
  current_ = project;
  pinned_repo_ = pinned_repo;
  posted_[project.root.string()] = project;

  const auto job = co_await jobs_.status(context, project);
  const auto index = co_await store_.load_marker(context, project);
  // An index of our own that can't be read is made anew by the job, when that is asked for.
  const bool is_anew = post.reindex == Reindex::always && !options_.data_dir.empty() && !index;
  if (!job && !is_anew) co_return std::unexpected(job.error());
  if (!index && !is_anew) co_return std::unexpected(index.error());
  const StartDecision decision = is_anew ? StartDecision::start : decide_start(*job, *index, post.reindex);
  if (decision == StartDecision::already_indexing) co_return fail(ErrorCode::conflict, job->job_id);
  if (decision == StartDecision::start) {
    const auto started = co_await jobs_.start(context, project);
    if (!started) co_return std::unexpected(started.error());
  }
  co_return make_job_id(project.posted_path);
}

Task<Result<ProjectStatus>> Projects::status(RequestContext context, std::optional<std::string> project_path) {
  const auto refreshed = co_await refresh_current(context);
  ProjectStatus nothing;
  if (!refreshed && !current_ && !project_path) co_return std::unexpected(refreshed.error());
  if (!project_path && !current_) co_return nothing;
  auto project = project_path ? name_placed_project(*project_path) : *current_;
  if (!project) co_return std::unexpected(project.error());

  const bool is_current = current_ && current_->root == project->root;
  const std::string pinned_repo = is_current ? pinned_repo_ : std::string();
  const RequestContext limited = context.with_deadline(Deadline::after(kLookLimit));
  auto status = co_await load_status(limited, *project);
  if (status) status->pinned_repo = pinned_repo;
  if (status && !refreshed) status->stale_because = refreshed.error().message;
  if (status && status->stale_because.empty()) last_known_ = *status;
  if (status || !last_known_ || last_known_->project != *project) co_return status;
  ProjectStatus stale = *last_known_;
  stale.stale_because = status.error().message;
  co_return stale;
}

Task<Result<ProjectStatus>> Projects::load_status(RequestContext context, Project project) {
  auto job = co_await jobs_.status(context, project);
  if (!job) co_return std::unexpected(job.error());
  auto index = co_await store_.load_marker(context, project);
  if (!index) co_return std::unexpected(index.error());
  ProjectStatus status;
  status.project = project;
  status.job_id = make_job_id(project.posted_path);
  status.job = std::move(*job);
  status.index = std::move(*index);
  status.status = find_index_status(status.job, status.index);
  if (status.job.state == JobState::active) status.job_id = status.job.job_id;
  const bool is_ready = status.status == IndexStatus::ready && options_.freshness != nullptr;
  if (is_ready) status.changed_files = options_.freshness->look(project);
  if (!options_.data_dir.empty()) {
    status.index_bytes = index_file_bytes(embedded_index_path(options_.data_dir, project));
  }
  record_index(metrics_, status);
  co_return status;
}

Task<Result<void>> Projects::cancel(RequestContext context) {
  const auto refreshed = co_await refresh_current(context);
  if (!refreshed && !current_) co_return std::unexpected(refreshed.error());
  if (!current_) co_return fail(ErrorCode::not_found, "no project was posted, so no index job is active");
  const Project project = *current_;
  co_return co_await jobs_.cancel(context, project);
}

Task<Result<Project>> Projects::resolve(RequestContext context, std::optional<std::string> project_path) {
  if (project_path) co_return name_placed_project(*project_path);
  const auto refreshed = co_await refresh_current(std::move(context));
  if (current_) co_return *current_;
  if (!refreshed) co_return std::unexpected(refreshed.error());
  co_return fail(ErrorCode::not_found, "no project yet: POST /project with its path, or send \"project_path\"");
}

Task<std::vector<Project>> Projects::list(RequestContext context, EventLoop& loop) {
  co_await refresh_current(context);  // else the last known one
  std::map<std::string, Project> found = posted_;
  if (current_) found[current_->root.string()] = *current_;
  auto load = [folder = options_.data_dir] {
    return folder.empty() ? std::vector<IndexMarker>() : load_index_markers(folder);
  };
  const auto markers = co_await loop.run_blocking(std::move(load));
  for (const IndexMarker& marker : markers) {
    auto project = open_project(marker.project_path);
    if (project && check_place(*project)) found.emplace(project->root.string(), std::move(*project));
  }
  std::vector<Project> projects;
  projects.reserve(found.size());
  for (auto& [root, project] : found) projects.push_back(std::move(project));
  co_return projects;
}

std::string Projects::pinned_repo(const std::optional<Project>& project) const {
  const bool is_current = project && current_ && current_->root == project->root;
  return is_current ? pinned_repo_ : std::string();
}

}  // namespace codehelper
