// IngestJobs with a child process `codehelper ingest` in place of a cluster's Job. The child dies with this process and
// leaves a consistent index whenever it dies. The truth is the index's marker and its writer lock, so that a job
// started by hand or by another process is seen too; this process knows only the progress of its own children, and of
// their failures those that the index couldn't be told.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "codehelper/base/metrics.hpp"
#include "codehelper/jobs/ingest_jobs.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

struct LocalJobsOptions {
  std::filesystem::path executable;        // codehelper itself
  std::filesystem::path data_dir;          // of the embedded store
  std::map<std::string, std::string> env;  // the child's whole environment
};

class LocalIngestJobs : public IngestJobs {
 public:
  /// Indexes what changed since the last pass, and resumes when that is done. It is no job: status() doesn't tell of
  /// it, and start() ends it first. Errors: cancelled when start() or the end of the server has ended
  /// it; unavailable with the cause; conflict when another process indexes the project.
  virtual Task<Result<void>> refresh(RequestContext context, Project project) = 0;
};

/// All references outlive it.
std::unique_ptr<LocalIngestJobs> make_local_ingest_jobs(EventLoop& loop, Log log, Metrics& metrics, VectorStore& store,
                                                        LocalJobsOptions options);

}  // namespace codehelper
