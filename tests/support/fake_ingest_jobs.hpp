// IngestJobs that record what was asked and answer what the test says.
#pragma once

#include <string>
#include <vector>

#include "codehelper/jobs/ingest_jobs.hpp"

namespace codehelper::test {

class FakeIngestJobs final : public IngestJobs {
 public:
  Task<Result<void>> start(RequestContext, Project project) override {
    started.push_back(project.posted_path);
    answer.state = JobState::active;
    answer.job_id = make_job_id(project.posted_path);
    co_return Result<void>{};
  }
  Task<Result<JobStatus>> status(RequestContext, Project) override {
    if (is_down) co_return fail(ErrorCode::unavailable, "the backend is down");
    co_return answer;
  }
  Task<Result<void>> cancel(RequestContext, Project project) override {
    cancelled.push_back(project.posted_path);
    co_return Result<void>{};
  }

  JobStatus answer;
  bool is_down = false;
  std::vector<std::string> started;
  std::vector<std::string> cancelled;
};

}  // namespace codehelper::test
