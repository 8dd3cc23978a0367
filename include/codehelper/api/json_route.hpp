// A route whose body is a JSON object.
#pragma once

#include <boost/json/object.hpp>
#include <functional>

#include "codehelper/net/router.hpp"

namespace codehelper {

/// Whether a Content-Type says JSON.
bool is_json_type(std::string_view content_type);

using JsonHandler = std::function<Task<Result<HttpReply>>(RequestContext, HttpRequest, boost::json::object body)>;

/// Answers 415 for a Content-Type that is not JSON (none at all is fine), 400 for text that is no JSON and 422 for
/// other JSON than an object, before `handler` is called.
HttpHandler make_json_handler(JsonHandler handler);

}  // namespace codehelper
