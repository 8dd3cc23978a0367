// The projects: which one is current, for all servers over one store; the state of their indexes, and the start of
// index jobs.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/base/metrics.hpp"
#include "codehelper/index/freshness.hpp"
#include "codehelper/index/shared_state.hpp"
#include "codehelper/index/vector_store.hpp"
#include "codehelper/jobs/ingest_jobs.hpp"
#include "codehelper/jobs/job_rules.hpp"

namespace codehelper {

struct ProjectStatus {
  std::optional<Project> project;  // nothing while no project was ever posted
  std::string pinned_repo;         // empty = none
  IndexStatus status = IndexStatus::idle;
  std::string job_id;  // empty without a project
  JobStatus job;
  std::optional<IndexMarker> index;
  std::optional<std::uint64_t>
      changed_files;              // since the index and not in it yet, of a finished one, where it is known
  std::uint64_t index_bytes = 0;  // that it takes of the disk; 0 = none, or it is not on this one
  std::string stale_because;      // not empty: store or backend could not be asked, this is the last known status
};

struct ProjectPost {
  std::string project_path;
  std::optional<std::string> pinned_repo;
  Reindex reindex = Reindex::if_needed;
};

class Projects {
 public:
  struct Options {
    std::optional<std::filesystem::path> allowed_root;  // links resolved; projects outside of it are refused
    std::filesystem::path data_dir = {};                // of the embedded store; empty = the indexes are elsewhere
    Freshness* freshness = nullptr;                     // null = nobody knows whether files changed; outlives it
  };

  /// All references outlive it.
  Projects(Metrics& metrics, SharedState& state, VectorStore& store, IngestJobs& jobs, Options options);

  /// Makes the project current and starts its job where the rules want one; returns the job's id. Errors: invalid_input
  /// (a relative path, no directory here, outside the allowed root), conflict (its job is active; the message is that
  /// job's id), timeout and unavailable (no job can be started or asked for, or the state can't be kept), internal.
  Task<Result<std::string>> post(RequestContext context, ProjectPost post);
  /// Of the current project, or of the one at `project_path`. Errors: those of the store.
  Task<Result<ProjectStatus>> status(RequestContext context, std::optional<std::string> project_path);
  /// Cancels the current project's job. Errors: not_found when none is active.
  Task<Result<void>> cancel(RequestContext context);
  /// The project at `project_path`, or the current one; while the shared state can't be read, the one that was current
  /// last. Errors: not_found when none was posted; invalid_input for a relative path and one outside the allowed root;
  /// timeout and unavailable when it can't be told which one is current.
  Task<Result<Project>> resolve(RequestContext context, std::optional<std::string> project_path);
  /// The current one, those that were posted here, and those with an index in `data_dir`; by root.
  Task<std::vector<Project>> list(RequestContext context, EventLoop& loop);
  /// What was posted with the project, while it is the current one; else empty.
  std::string pinned_repo(const std::optional<Project>& project) const;
  const std::optional<std::filesystem::path>& allowed_root() const { return options_.allowed_root; }

 private:
  Result<void> check_place(const Project& project) const;
  Result<Project> name_placed_project(const std::string& path) const;
  /// Reads which project is current. After an error current_ is the last known one.
  Task<Result<void>> refresh_current(RequestContext context);
  Task<Result<ProjectStatus>> load_status(RequestContext context, Project project);

  Metrics& metrics_;
  SharedState& state_;
  VectorStore& store_;
  IngestJobs& jobs_;
  Options options_;
  std::optional<Project> current_;         // as it was read last
  std::map<std::string, Project> posted_;  // here, by root
  std::string pinned_repo_;
  std::optional<ProjectStatus> last_known_;
};

}  // namespace codehelper
