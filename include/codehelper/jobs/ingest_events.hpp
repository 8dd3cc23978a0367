// What `codehelper ingest` says to whoever started it: events in its log, one JSON object a line on standard output,
// and its exit status. Read by each backend of index jobs.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

#include "codehelper/index/indexer.hpp"

namespace codehelper {

inline constexpr std::string_view kIngestStarted = "ingest_started";    // the lock is held
inline constexpr std::string_view kIngestProgress = "ingest_progress";  // fields of IndexProgress
/// Exit status of `codehelper ingest` when another process holds the project's lock.
inline constexpr int kIngestLocked = 75;

/// The fields of kIngestProgress.
boost::json::object to_json(const IndexProgress& progress);

struct IngestEvent {
  enum class Kind { started, progress } kind = Kind::started;
  IndexProgress progress;  // of Kind::progress
};
/// Nothing for a line that is something else.
std::optional<IngestEvent> parse_ingest_event(std::string_view line);

}  // namespace codehelper
