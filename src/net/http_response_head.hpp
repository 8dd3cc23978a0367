// The bytes of a response's head. Pure text, no I/O.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "codehelper/net/http.hpp"

namespace codehelper {

/// The Date header's value (RFC 9110, section 5.6.7), made once a second.
class HttpDate {
 public:
  std::string_view at(std::time_t now);

 private:
  std::time_t second_ = -1;
  std::string text_;
};

enum class BodyFraming { length, chunked, until_close };

struct ResponseFrame {
  BodyFraming framing = BodyFraming::length;
  std::uint64_t body_bytes = 0;  // for BodyFraming::length
  bool keeps_connection = true;
  bool is_http_11 = true;
  std::string_view request_id;
  std::string_view date;
};

/// Status line, the reply's headers and those that every response has, and the empty line. Control characters in the
/// reply's headers become spaces: a value can't begin a field of its own.
std::string format_response_head(const HttpReply& reply, const ResponseFrame& frame);

}  // namespace codehelper
