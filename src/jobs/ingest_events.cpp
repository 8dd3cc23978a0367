#include "codehelper/jobs/ingest_events.hpp"

#include <boost/json/parse.hpp>

#include "codehelper/base/json_fields.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

IndexProgress read_progress(const json::object& fields) {
  IndexProgress progress;
  progress.files_done = count_in(fields, "files_done");
  progress.files_total = count_in(fields, "files_total");
  progress.chunks = count_in(fields, "chunks");
  progress.embedded_files = count_in(fields, "embedded_files");
  progress.embedded_chunks = count_in(fields, "embedded_chunks");
  const json::value* seconds = fields.if_contains("seconds");
  progress.seconds = seconds != nullptr && seconds->is_number() ? seconds->to_number<double>() : 0;
  return progress;
}

}  // namespace

json::object to_json(const IndexProgress& progress) {
  return {{"files_done", progress.files_done},
          {"files_total", progress.files_total},
          {"chunks", progress.chunks},
          {"embedded_files", progress.embedded_files},
          {"embedded_chunks", progress.embedded_chunks},
          {"seconds", progress.seconds}};
}

std::optional<IngestEvent> parse_ingest_event(std::string_view line) {
  json::error_code error;
  const json::value value = json::parse(line, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& fields = value.as_object();
  const json::value* event = fields.if_contains("event");
  if (event == nullptr || !event->is_string()) return std::nullopt;
  if (event->as_string() == kIngestStarted) return IngestEvent{IngestEvent::Kind::started, {}};
  if (event->as_string() == kIngestProgress) return IngestEvent{IngestEvent::Kind::progress, read_progress(fields)};
  return std::nullopt;
}

}  // namespace codehelper
