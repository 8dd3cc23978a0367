// GET /openapi.json: the REST API as OpenAPI 3.1 describes it. A test makes every call of it, holds each answer against
// its schema, and compares its paths with the router's.
#pragma once

#include <boost/json/object.hpp>

#include "codehelper/net/router.hpp"

namespace codehelper {

boost::json::object make_openapi_document();
/// GET /openapi.json.
void add_openapi_routes(Router& router);

}  // namespace codehelper
