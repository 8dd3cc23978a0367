// The head of a request as it goes over the wire.
#pragma once

#include <string>

#include "codehelper/net/http_client.hpp"

namespace codehelper {

/// Errors: invalid_input for a method, target or header that would break the request, or a header that the client sets
/// itself (Host, Connection, Content-Length, Transfer-Encoding). Values are never quoted: they may be secret.
Result<void> check_call(const HttpCall& call);

/// True when `value` can be sent in a header field.
bool is_header_value(std::string_view value);

/// Request line and fields with the blank line at the end. `deadline` is that of the call: what is left of it is told
/// to the server. `token` may be empty. The call is checked already.
std::string make_request_head(const Url& base, const HttpCall& call, const std::string& token,
                              const std::string& request_id, Deadline deadline);

}  // namespace codehelper
