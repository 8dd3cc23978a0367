#include "index_outcome.hpp"

namespace codehelper {

namespace {

// Interrupted by whoever killed it; the job itself had no chance to say so.
constexpr std::string_view kInterrupted = "the ingest ended without finishing (killed, or the machine stopped)";

}  // namespace

JobStatus read_outcome(const std::optional<IndexMarker>& marker) {
  JobStatus status;
  if (!marker) return status;
  status.state = marker->state == IndexState::ready ? JobState::succeeded : JobState::failed;
  if (marker->state == IndexState::failed) status.cause = marker->cause;
  if (marker->state == IndexState::indexing) status.cause = kInterrupted;
  return status;
}

Task<void> record_failure(RequestContext context, VectorStore& store, Project project, std::string cause) {
  const auto marker = co_await store.load_marker(context, project);
  IndexBatch batch;
  batch.marker = marker && *marker ? **marker : IndexMarker{};
  batch.marker->state = IndexState::failed;
  batch.marker->cause = std::move(cause);
  batch.marker->project_path = project.posted_path;
  const auto written = co_await store.apply(context, project, std::move(batch));
  if (!written) context.log.error("marker_not_written", {{"cause", written.error().message}});
}

}  // namespace codehelper
