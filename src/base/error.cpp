#include "codehelper/base/error.hpp"

#include <fmt/format.h>

namespace codehelper {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::invalid_input:
      return "invalid_input";
    case ErrorCode::invalid_field:
      return "invalid_field";
    case ErrorCode::unauthorized:
      return "unauthorized";
    case ErrorCode::forbidden:
      return "forbidden";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::bad_answer:
      return "bad_answer";
    case ErrorCode::overloaded:
      return "overloaded";
    case ErrorCode::internal:
      return "internal_error";
  }
  return "internal_error";
}

std::unexpected<Error> fail_with_context(std::string_view context, Error error) {
  error.message = fmt::format("{}: {}", context, error.message);
  return std::unexpected(std::move(error));
}

}  // namespace codehelper
