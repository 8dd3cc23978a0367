// The shapes of the REST API's bodies, as JSON Schema 2020-12. Objects may have more fields than are listed.
#pragma once

#include <string_view>

namespace codehelper {

/// The object "schemas" of an OpenAPI document's components.
std::string_view openapi_schemas();

}  // namespace codehelper
