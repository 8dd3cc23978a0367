// Parts of texts of any length, and texts of any content, as they can stand in a Markdown answer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace codehelper {

/// The beginning of `text`, at most `limit_bytes` of it: whole lines, or when the first line alone is longer, whole
/// UTF-8 characters of it.
std::string_view first_part(std::string_view text, std::size_t limit_bytes);
/// The same of the end.
std::string_view last_part(std::string_view text, std::size_t limit_bytes);

/// A fenced code block that ends in a line feed. The fence is longer than any run of backticks in `text`.
std::string make_code_block(std::string_view language, std::string_view text);

/// For a message inside a sentence: as it is, or its beginning and how many bytes are left out.
std::string shorten(std::string_view text, std::size_t limit_bytes);

}  // namespace codehelper
