#pragma once

#include <string_view>

#include "declaration.hpp"

namespace codehelper {

/// What a declaration is, in the words of its language: "class", "struct", "interface", "method", "macro", …
std::string_view kind_of(const Grammar& grammar, const Declaration& declaration, Level level);

}  // namespace codehelper
