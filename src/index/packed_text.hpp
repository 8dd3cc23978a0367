// Text as a frame of Zstandard (RFC 8878), or as it is where that is no shorter.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace codehelper {

std::string pack_text(std::string_view text);
/// `size` is the length of the text in bytes. Nothing when the bytes are damaged.
std::optional<std::string> unpack_text(std::string_view bytes, std::size_t size);

}  // namespace codehelper
