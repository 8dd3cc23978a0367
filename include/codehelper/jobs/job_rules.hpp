// What an index's status is and whether a job must be started, as pure functions of what the backend and the index say
// (contract, section 5).
#pragma once

#include <optional>
#include <string_view>

#include "codehelper/index/vector_store.hpp"
#include "codehelper/jobs/ingest_jobs.hpp"

namespace codehelper {

enum class IndexStatus { idle, indexing, ready, failed };
std::string_view to_string(IndexStatus status);

/// `indexing` while the job is active; `ready` when it succeeded and the index is there; `failed` when it failed;
/// `idle` when there is neither job nor index, or a job succeeded and its index is gone.
IndexStatus find_index_status(const JobStatus& job, const std::optional<IndexMarker>& index);

enum class StartDecision { already_indexing, nothing_to_do, start };
enum class Reindex { if_needed, always };

/// Active: already_indexing. Succeeded with its index there: nothing_to_do, unless a new run is asked for. Else: start.
StartDecision decide_start(const JobStatus& job, const std::optional<IndexMarker>& index, Reindex reindex);

}  // namespace codehelper
