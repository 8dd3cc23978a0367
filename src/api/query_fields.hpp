// Typed values from a request's query. Every error names the field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codehelper/net/http.hpp"

namespace codehelper {

/// Nothing when it is not there or empty.
std::optional<std::string> query_text(const HttpRequest& request, std::string_view field);
/// Errors: invalid_field when it is not there or empty.
Result<std::string> required_query_text(const HttpRequest& request, std::string_view field);
/// "1" is true, "0" and a field that is not there are false. Errors: invalid_input for anything else.
Result<bool> query_flag(const HttpRequest& request, std::string_view field);
/// Errors: invalid_field when it is there and no whole number within [minimum, maximum].
Result<std::optional<std::int64_t>> query_integer(const HttpRequest& request, std::string_view field,
                                                  std::int64_t minimum, std::int64_t maximum);

}  // namespace codehelper
