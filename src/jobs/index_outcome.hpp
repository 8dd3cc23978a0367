// What an index's marker says of the job that made it, and how the end of a job is kept there that could not say it
// itself: so that it outlives the process, the Job and the API.
#pragma once

#include <optional>
#include <string>

#include "codehelper/index/vector_store.hpp"
#include "codehelper/jobs/ingest_jobs.hpp"

namespace codehelper {

/// Of a project without an active job: `ready` is a success, `failed` a failure with its cause, and `indexing` was
/// interrupted. Nothing when there is no marker.
JobStatus read_outcome(const std::optional<IndexMarker>& marker);

/// Marks the index as failed. What goes wrong with that is logged.
Task<void> record_failure(RequestContext context, VectorStore& store, Project project, std::string cause);

}  // namespace codehelper
