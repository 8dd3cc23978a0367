// The wire's shapes of domain values that more than one route answers with.
#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "codehelper/base/error.hpp"
#include "codehelper/index/vector_store.hpp"
#include "codehelper/jobs/projects.hpp"
#include "codehelper/net/http.hpp"

namespace codehelper {

/// `{"files","chunks","skipped","embedder","dimension","finished_at"}`, zeros and nulls when there is no finished
/// index; `"changed_files"`, since then and not indexed yet, of a finished one where that is known; and
/// `"warming":true` while this server still loads what it searches words in.
boost::json::object index_to_json(const std::optional<IndexMarker>& index, std::optional<std::uint64_t> changed_files);

/// The answer of GET /project.
boost::json::object project_to_json(const ProjectStatus& status);

/// As make_error_reply(), but with 404 and the code "not_indexed" for a project that has no index, and 409 and
/// "other_embedder" for an index that another embedder made.
HttpReply make_search_error_reply(const Error& error, std::string_view request_id);

}  // namespace codehelper
