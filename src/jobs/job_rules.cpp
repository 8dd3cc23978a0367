#include "codehelper/jobs/job_rules.hpp"

#include "codehelper/base/hash.hpp"

namespace codehelper {

std::string make_job_id(std::string_view posted_path) {
  return "ingest-" + sha256_hex(posted_path).substr(0, 8);
}

std::string_view to_string(IndexStatus status) {
  switch (status) {
    case IndexStatus::idle:
      return "idle";
    case IndexStatus::indexing:
      return "indexing";
    case IndexStatus::ready:
      return "ready";
    case IndexStatus::failed:
      return "failed";
  }
  return "idle";
}

namespace {

bool is_there(const std::optional<IndexMarker>& index) {
  return index && index->is_searchable();
}

}  // namespace

IndexStatus find_index_status(const JobStatus& job, const std::optional<IndexMarker>& index) {
  switch (job.state) {
    case JobState::active:
      return IndexStatus::indexing;
    case JobState::failed:
      return IndexStatus::failed;
    case JobState::succeeded:
    case JobState::none:
      return is_there(index) ? IndexStatus::ready : IndexStatus::idle;
  }
  return IndexStatus::idle;
}

StartDecision decide_start(const JobStatus& job, const std::optional<IndexMarker>& index, Reindex reindex) {
  if (job.state == JobState::active) return StartDecision::already_indexing;
  if (reindex == Reindex::always) return StartDecision::start;
  const bool finished = job.state == JobState::succeeded || job.state == JobState::none;
  return finished && is_there(index) ? StartDecision::nothing_to_do : StartDecision::start;
}

}  // namespace codehelper
