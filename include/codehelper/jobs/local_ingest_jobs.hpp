// IngestJobs with a child process `codehelper ingest` in place of a cluster's Job. The child dies with this process and
// leaves a consistent index whenever it dies. The truth is the index's marker and its writer lock, so that a job
// started by hand or by another process is seen too; this process knows only the progress of its own children.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "codehelper/base/metrics.hpp"
#include "codehelper/jobs/ingest_jobs.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

struct LocalJobsOptions {
  std::filesystem::path executable;        // codehelper itself
  std::filesystem::path data_dir;          // of the embedded store
  std::map<std::string, std::string> env;  // the child's whole environment
};

/// Events of the child's log (one JSON object a line on its standard output) that its parent reads.
inline constexpr std::string_view kIngestStarted = "ingest_started";    // the lock is held
inline constexpr std::string_view kIngestProgress = "ingest_progress";  // fields of IndexProgress
/// The fields of kIngestProgress, for the child that writes them.
boost::json::object to_json(const IndexProgress& progress);
/// Exit status of `codehelper ingest` when another process holds the project's lock.
inline constexpr int kIngestLocked = 75;

/// All references outlive it. Call shut_down() of the result before the loop ends.
class LocalIngestJobs : public IngestJobs {
 public:
  /// Ends all children and resumes when they are gone.
  virtual Task<void> shut_down() = 0;
};
std::unique_ptr<LocalIngestJobs> make_local_ingest_jobs(EventLoop& loop, Log log, Metrics& metrics, VectorStore& store,
                                                        LocalJobsOptions options);

}  // namespace codehelper
