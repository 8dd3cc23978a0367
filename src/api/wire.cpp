#include "codehelper/api/wire.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

json::object progress_to_json(const ProjectStatus& status) {
  if (!status.job.progress) return {};
  const IndexProgress& progress = *status.job.progress;
  json::object object{{"files_done", progress.files_done},
                      {"files_total", progress.files_total},
                      {"chunks", progress.chunks},
                      {"seconds", progress.seconds}};
  if (progress.files_per_second() > 0) {
    object["files_per_second"] = progress.files_per_second();
    object["seconds_left"] = progress.seconds_left();
  }
  return object;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value() : json::value(text);
}

}  // namespace

boost::json::object index_to_json(const std::optional<IndexMarker>& index, std::optional<std::uint64_t> changed_files) {
  const bool is_there = index && index->is_searchable();
  const IndexMarker shown = is_there ? *index : IndexMarker{};
  boost::json::object json{{"files", shown.files}, {"chunks", shown.chunks},       {"skipped", shown.skipped},
                           {"embedder", nullptr},  {"dimension", shown.dimension}, {"finished_at", nullptr}};
  if (is_there) {
    json["embedder"] = shown.embedder;
    json["finished_at"] = shown.finished_at;
  }
  if (is_there && changed_files) json["changed_files"] = *changed_files;
  if (is_there && shown.is_warming) json["warming"] = true;
  return json;
}

boost::json::object project_to_json(const ProjectStatus& status) {
  boost::json::object object{
      {"project_path", status.project ? json::value(status.project->posted_path) : json::value()},
      {"pinned_repo", text_or_null(status.pinned_repo)},
      {"index_status", to_string(status.status)},
      {"job_id", text_or_null(status.job_id)},
      {"progress", progress_to_json(status)},
      {"index", index_to_json(status.index, status.changed_files)}};
  if (status.index_bytes != 0) object["index"].as_object()["bytes_on_disk"] = status.index_bytes;
  if (!status.job.cause.empty()) object["cause"] = status.job.cause;
  if (!status.job.detail.empty()) object["detail"] = status.job.detail;
  if (!status.stale_because.empty()) {
    object["stale"] = true;
    object["stale_because"] = status.stale_because;
  }
  return object;
}

HttpReply make_search_error_reply(const Error& error, std::string_view request_id) {
  if (error.code == ErrorCode::not_found) return make_error_reply(404, "not_indexed", error.message, request_id);
  if (error.code == ErrorCode::conflict) return make_error_reply(409, "other_embedder", error.message, request_id);
  return make_error_reply(error, request_id);
}

}  // namespace codehelper
