// Base64 (RFC 4648, section 4), from OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace codehelper {

std::string encode_base64(std::string_view bytes);

/// Blanks and line ends count as nothing. Nothing when the text is no base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace codehelper
