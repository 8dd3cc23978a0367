// Indexing jobs, at most one a project. A seam: a local child process, or a Job of a Kubernetes cluster.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "codehelper/index/indexer.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

/// "ingest-" and the first 8 hexadecimal digits of the SHA-256 of the path exactly as posted.
std::string make_job_id(std::string_view posted_path);

enum class JobState { none, active, succeeded, failed };

struct JobStatus {
  JobState state = JobState::none;
  std::string job_id;                     // of an active job; it may have been posted under another spelling
  std::string cause;                      // of a failure
  std::optional<IndexProgress> progress;  // of an active job, when known
  std::string detail = {};  // of an active job, for people: which attempt, what it waits for; may be empty
};

class IngestJobs {
 public:
  virtual ~IngestJobs() = default;

  /// Looks, then starts; the caller has decided that a start is wanted. Errors: conflict when a job of the project is
  /// active (the message is its id); unavailable when none can be started (the message says why).
  virtual Task<Result<void>> start(RequestContext context, Project project) = 0;
  /// Errors: unavailable when the backend can't be asked.
  virtual Task<Result<JobStatus>> status(RequestContext context, Project project) = 0;
  /// Asks the active job to end and returns at once. Errors: not_found when none is active.
  virtual Task<Result<void>> cancel(RequestContext context, Project project) = 0;
  /// Before the loop ends: ends what runs in this process only, and resumes when it is gone.
  virtual Task<void> shut_down() { co_return; }
};

}  // namespace codehelper
