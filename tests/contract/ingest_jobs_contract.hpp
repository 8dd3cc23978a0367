// What every IngestJobs must do. An adapter joins the suite by an entry in ingest_jobs_adapters(). The ingest itself is
// a script that does what the test says, so that its life can be followed step by step.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codehelper/base/metrics.hpp"
#include "codehelper/jobs/ingest_jobs.hpp"

namespace codehelper::test {

/// The world of one adapter: what is behind it lives as long as this.
class IngestJobsWorld {
 public:
  virtual ~IngestJobsWorld() = default;
  virtual IngestJobs& jobs() = 0;
};

struct IngestJobsAdapter {
  std::string name;
  /// `script` is the executable that ingests; `data_dir` is the store's.
  std::function<std::unique_ptr<IngestJobsWorld>(EventLoop& loop, Metrics& metrics, VectorStore& store,
                                                 const std::filesystem::path& script,
                                                 const std::filesystem::path& data_dir)>
      make;
};

std::vector<IngestJobsAdapter> ingest_jobs_adapters();

}  // namespace codehelper::test
