// The words of a question, as blanks part them. Pure.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace codehelper {

/// The first `most` words, in order; they point into `text`.
std::vector<std::string_view> split_words(std::string_view text, std::size_t most);

}  // namespace codehelper
