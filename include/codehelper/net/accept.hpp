// Header fields that list what a caller takes: Accept, Accept-Encoding.
#pragma once

#include <string_view>

#include "codehelper/net/http.hpp"

namespace codehelper {

/// True when a field of that name lists `range` itself, in any case, with a weight above zero (RFC 9110,
/// section 12.4.2).
bool lists_range(const HttpHeaders& headers, std::string_view name, std::string_view range);

}  // namespace codehelper
