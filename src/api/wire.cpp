#include "codehelper/api/wire.hpp"

namespace codehelper {

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

HttpReply make_search_error_reply(const Error& error, std::string_view request_id) {
  if (error.code == ErrorCode::not_found) return make_error_reply(404, "not_indexed", error.message, request_id);
  if (error.code == ErrorCode::conflict) return make_error_reply(409, "other_embedder", error.message, request_id);
  return make_error_reply(error, request_id);
}

}  // namespace codehelper
