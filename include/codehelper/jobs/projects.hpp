// The projects this server knows: which one is current, the state of their indexes, and the start of index jobs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "codehelper/base/metrics.hpp"
#include "codehelper/index/vector_store.hpp"
#include "codehelper/jobs/ingest_jobs.hpp"
#include "codehelper/jobs/job_rules.hpp"

namespace codehelper {

struct ProjectStatus {
  std::optional<Project> project;  // nothing while no project was ever posted here
  std::string pinned_repo;         // empty = none
  IndexStatus status = IndexStatus::idle;
  std::string job_id;  // empty without a project
  JobStatus job;
  std::optional<IndexMarker> index;
  std::string stale_because;  // not empty: the backend could not be asked, this is the last known status
};

struct ProjectPost {
  std::string project_path;
  std::optional<std::string> pinned_repo;
  Reindex reindex = Reindex::if_needed;
};

class Projects {
 public:
  struct Options {
    std::filesystem::path state_file;                   // keeps the current project over a restart
    std::optional<std::filesystem::path> allowed_root;  // links resolved; projects outside of it are refused
  };

  /// All references outlive it.
  Projects(EventLoop& loop, Metrics& metrics, VectorStore& store, IngestJobs& jobs, Options options);

  /// Makes the project current and starts its job where the rules want one; returns the job's id. Errors: invalid_input
  /// (a relative path, no directory here, outside the allowed root), conflict (its job is active; the message is that
  /// job's id), unavailable (no job can be started or asked for), internal (the state can't be kept).
  Task<Result<std::string>> post(RequestContext context, ProjectPost post);
  /// Of the current project, or of the one at `project_path`. Errors: those of the store.
  Task<Result<ProjectStatus>> status(RequestContext context, std::optional<std::string> project_path);
  /// Cancels the current project's job. Errors: not_found when none is active.
  Task<Result<void>> cancel(RequestContext context);
  /// The project at `project_path`, or the current one. Errors: not_found when none was posted; invalid_input for a
  /// relative path and one outside the allowed root.
  Result<Project> resolve(const std::optional<std::string>& project_path) const;

 private:
  Result<void> check_place(const Project& project) const;
  void load_current();
  Task<Result<void>> save_current();

  EventLoop& loop_;
  Metrics& metrics_;
  VectorStore& store_;
  IngestJobs& jobs_;
  Options options_;
  std::optional<Project> current_;
  std::string pinned_repo_;
  std::optional<ProjectStatus> last_known_;
};

}  // namespace codehelper
