// Expected failure as a value: a code that callers can act on and a message that names the thing and the way out.
// Exceptions are for bugs and failed start-up only.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace codehelper {

enum class ErrorCode {
  malformed,      // the bytes are not what they claim to be (JSON, HTTP, configuration)
  invalid_input,  // well formed, but refused by a rule: a path outside the root, a command that is not allowed
  invalid_field,  // a field is missing or has the wrong type or range; the message names it
  unauthorized,   // no token or a wrong one
  forbidden,      // the caller is known, and may not do that
  not_found,      // the thing named does not exist
  conflict,       // it exists already, or is in use
  too_large,      // over a size limit
  timeout,        // a deadline passed
  cancelled,      // the caller left, or the process is shutting down
  unavailable,    // a dependency can't be reached, or refuses to work
  bad_answer,     // a dependency answered with nonsense: not in its protocol, or not what was asked for
  overloaded,     // we can't take more now; later it may work
  internal,       // a bug or a broken machine; the detail is for the log only
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

/// The code's name in logs and error envelopes, for instance "invalid_input".
std::string_view to_string(ErrorCode code);

/// Whether a dependency can't be used at the moment, for whatever reason.
constexpr bool is_dependency_down(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::bad_answer || code == ErrorCode::timeout;
}

/// `return fail(ErrorCode::not_found, "no such file: …");` in any function that returns a Result.
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

/// Passes an error on with what was being done: "while indexing /a/b: disk full". The code stays.
std::unexpected<Error> fail_with_context(std::string_view context, Error error);

}  // namespace codehelper
