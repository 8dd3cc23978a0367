#include "codehelper/jobs/projects.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <iterator>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/path.hpp"

namespace codehelper {

namespace {

// Written beside and renamed, so that a reader sees the whole old or the whole new text.
Result<void> write_atomically(const std::filesystem::path& file, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  const std::filesystem::path draft = fmt::format("{}.{}", file.string(), make_request_id());
  std::ofstream stream(draft, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (!error && stream) std::filesystem::rename(draft, file, error);
  if (!error && stream) return {};
  std::error_code ignored;
  std::filesystem::remove(draft, ignored);
  return fail(ErrorCode::internal,
              fmt::format("{} can't be written{}", file.string(), error ? ": " + error.message() : ""));
}

void record_index(Metrics& metrics, const ProjectStatus& status) {
  const IndexMarker shown = status.index.value_or(IndexMarker{});
  metrics.set("codehelper_index_files", "Files in the index that was asked about last.", {},
              static_cast<double>(shown.files));
  metrics.set("codehelper_index_chunks", "Chunks in the index that was asked about last.", {},
              static_cast<double>(shown.chunks));
}

}  // namespace

Projects::Projects(EventLoop& loop, Metrics& metrics, VectorStore& store, IngestJobs& jobs, Options options)
    : loop_(loop), metrics_(metrics), store_(store), jobs_(jobs), options_(std::move(options)) {
  load_current();
}

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

void Projects::load_current() {
  std::ifstream stream(options_.state_file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto object = parse_json_object(text);
  if (!object) return;  // none yet
  const auto path = required_string(*object, "project_path");
  const auto pinned_repo = optional_string(*object, "pinned_repo");
  if (!path || !pinned_repo) return;
  auto project = name_project(*path);
  if (!project || !check_place(*project)) return;
  current_ = std::move(*project);
  pinned_repo_ = pinned_repo->value_or("");
}

Task<Result<void>> Projects::save_current() {
  boost::json::object state{{"project_path", current_->posted_path}};
  if (!pinned_repo_.empty()) state["pinned_repo"] = pinned_repo_;
  auto write = [file = options_.state_file, text = boost::json::serialize(state)] {
    return write_atomically(file, text);
  };
  co_return co_await loop_.run_blocking(std::move(write));
}

Task<Result<std::string>> Projects::post(RequestContext context, ProjectPost post) {
  auto opened = open_project(post.project_path);
  if (!opened) co_return std::unexpected(opened.error());
  const Project project = std::move(*opened);
  const auto placed = check_place(project);
  if (!placed) co_return std::unexpected(placed.error());

  // Current from here on, whatever becomes of the job: a conflict means that it is indexed already.
  const bool is_other = !current_ || current_->root != project.root;
  current_ = project;
  if (is_other || post.pinned_repo) pinned_repo_ = post.pinned_repo.value_or("");
  const auto saved = co_await save_current();
  if (!saved) co_return std::unexpected(saved.error());

  const auto job = co_await jobs_.status(context, project);
  if (!job) co_return std::unexpected(job.error());
  const auto index = co_await store_.load_marker(context, project);
  if (!index) co_return std::unexpected(index.error());
  const StartDecision decision = decide_start(*job, *index, post.reindex);
  if (decision == StartDecision::already_indexing) co_return fail(ErrorCode::conflict, job->job_id);
  if (decision == StartDecision::start) {
    const auto started = co_await jobs_.start(context, project);
    if (!started) co_return std::unexpected(started.error());
  }
  co_return make_job_id(project.posted_path);
}

Task<Result<ProjectStatus>> Projects::status(RequestContext context, std::optional<std::string> project_path) {
  ProjectStatus status;
  if (!project_path && !current_) co_return status;
  auto project = resolve(project_path);
  if (!project) co_return std::unexpected(project.error());
  status.project = *project;
  status.job_id = make_job_id(project->posted_path);
  if (current_ && current_->root == project->root) status.pinned_repo = pinned_repo_;

  auto job = co_await jobs_.status(context, *project);
  if (!job && last_known_ && last_known_->project == status.project) {
    status = *last_known_;
    status.stale_because = job.error().message;
    co_return status;
  }
  if (!job) co_return std::unexpected(job.error());
  auto index = co_await store_.load_marker(context, *project);
  if (!index) co_return std::unexpected(index.error());
  status.job = std::move(*job);
  status.index = std::move(*index);
  status.status = find_index_status(status.job, status.index);
  if (status.job.state == JobState::active) status.job_id = status.job.job_id;
  record_index(metrics_, status);
  last_known_ = status;
  co_return status;
}

Task<Result<void>> Projects::cancel(RequestContext context) {
  if (!current_) co_return fail(ErrorCode::not_found, "no project was posted, so no index job is active");
  const Project project = *current_;
  co_return co_await jobs_.cancel(context, project);
}

Result<Project> Projects::resolve(const std::optional<std::string>& project_path) const {
  if (!project_path && current_) return *current_;
  if (!project_path) {
    return fail(ErrorCode::not_found, "no project yet: POST /project with its path, or send \"project_path\"");
  }
  auto project = name_project(*project_path);
  if (!project) return project;
  const auto placed = check_place(*project);
  if (!placed) return std::unexpected(placed.error());
  return project;
}

}  // namespace codehelper
