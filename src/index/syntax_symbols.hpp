#pragma once

#include <string_view>

#include "codehelper/index/symbols.hpp"
#include "syntax_tree.hpp"

namespace codehelper {

/// Empty when the tree is not parsed. `content` is what the tree was made of.
FileSymbols find_symbols(const SyntaxTree& tree, std::string_view content);

}  // namespace codehelper
