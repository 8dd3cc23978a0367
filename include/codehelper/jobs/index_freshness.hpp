// Freshness of indexes in the embedded store. A watch on each project that was asked about lately says whether anything
// happened; then a look says which files differ, and a local ingest indexes them: the same path as a posted job, so
// that there is one way in and never two at once. A question waits for that; between questions it happens by itself
// when the tree has been quiet for a moment. Where a tree can't be watched, each question looks.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "codehelper/index/freshness.hpp"
#include "codehelper/jobs/local_ingest_jobs.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

struct FreshnessOptions {
  std::filesystem::path data_dir;  // of the embedded store; not watched where it lies in a project
  std::uint64_t max_file_bytes = 0;
  std::string embedder;  // identity; an index of another one is not touched
  std::chrono::milliseconds question_wait{5'000};
  std::chrono::milliseconds quiet{300};  // before changes are indexed without a question
};

class IndexFreshness : public Freshness {
 public:
  /// Ends all watching; resumes when it has ended. Before the loop ends.
  virtual Task<void> shut_down() = 0;
};

/// All references outlive it. An index whose last pass failed is left to whoever posts the project again.
std::unique_ptr<IndexFreshness> make_index_freshness(EventLoop& loop, Log log, VectorStore& store,
                                                     LocalIngestJobs& jobs, FreshnessOptions options);

}  // namespace codehelper
