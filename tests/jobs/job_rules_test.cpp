#include "codehelper/jobs/job_rules.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

JobStatus job(JobState state) {
  JobStatus status;
  status.state = state;
  return status;
}

std::optional<IndexMarker> finished_index() {
  IndexMarker marker;
  marker.state = IndexState::ready;
  marker.finished_at = "2026-01-01T00:00:00.000Z";
  return marker;
}

std::optional<IndexMarker> unfinished_index() {
  return IndexMarker{};
}

}  // namespace

TEST_CASE("job id: the first 8 digits of the SHA-256 of the path exactly as posted") {
  CHECK(make_job_id("abc") == "ingest-ba7816bf");
  CHECK(make_job_id("/repo") != make_job_id("/repo/"));
}

TEST_CASE("index status: follows the job, and a succeeded job without its index is idle") {
  CHECK(find_index_status(job(JobState::none), std::nullopt) == IndexStatus::idle);
  CHECK(find_index_status(job(JobState::none), finished_index()) == IndexStatus::ready);
  CHECK(find_index_status(job(JobState::active), finished_index()) == IndexStatus::indexing);
  CHECK(find_index_status(job(JobState::failed), finished_index()) == IndexStatus::failed);
  CHECK(find_index_status(job(JobState::succeeded), finished_index()) == IndexStatus::ready);
  CHECK(find_index_status(job(JobState::succeeded), unfinished_index()) == IndexStatus::idle);
  CHECK(find_index_status(job(JobState::succeeded), std::nullopt) == IndexStatus::idle);
}

TEST_CASE("start decision: only a finished job with its index needs nothing") {
  const auto decide = [](JobState state, const std::optional<IndexMarker>& index, Reindex reindex) {
    return decide_start(job(state), index, reindex);
  };

  CHECK(decide(JobState::active, finished_index(), Reindex::always) == StartDecision::already_indexing);
  CHECK(decide(JobState::none, std::nullopt, Reindex::if_needed) == StartDecision::start);
  CHECK(decide(JobState::succeeded, finished_index(), Reindex::if_needed) == StartDecision::nothing_to_do);
  CHECK(decide(JobState::none, finished_index(), Reindex::if_needed) == StartDecision::nothing_to_do);
  CHECK(decide(JobState::succeeded, finished_index(), Reindex::always) == StartDecision::start);
  CHECK(decide(JobState::succeeded, std::nullopt, Reindex::if_needed) == StartDecision::start);
  CHECK(decide(JobState::succeeded, unfinished_index(), Reindex::if_needed) == StartDecision::start);
  CHECK(decide(JobState::failed, finished_index(), Reindex::if_needed) == StartDecision::start);
}
