// Word lists for questions in English.
#pragma once

#include <string_view>

namespace codehelper {

/// Says nothing about the matter: "the", "how", "should".
bool is_stop_word(std::string_view word);

/// Said about nearly everything in a repository: "fix", "add", "function", "file".
bool is_generic_word(std::string_view word);

}  // namespace codehelper
