// The target of a request line taken apart (RFC 9112, section 3.2): pure text, no I/O.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "codehelper/base/error.hpp"

namespace codehelper {

struct RequestTarget {
  std::optional<std::string> authority;  // of an absolute form
  std::string raw_path;                  // as sent, percent-encoded
  std::string path;                      // decoded
  std::map<std::string, std::string> query;
};

/// Origin form ("/a?b=c"), absolute form ("http://host/a") and "*". Errors: malformed for anything else, for a bad
/// percent sequence and for a NUL in the path.
Result<RequestTarget> parse_request_target(std::string_view target);

/// Errors: malformed for a percent sign that two hexadecimal digits don't follow.
Result<std::string> percent_decode(std::string_view text);

}  // namespace codehelper
