// Which of the definitions that have a name are meant, and in which order they are shown. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "codehelper/index/symbol_index.hpp"

namespace codehelper {

/// The last part of the name: "run" of "Widget::run". Errors: invalid_input when there is none.
Result<std::string> plain_symbol_name(std::string_view name);

/// Keeps of `found` what SymbolHits says for `name`, best first.
void keep_meant(std::vector<FoundDefinition>& found, std::string_view name);

/// How the last part of the name is written in the definitions; as in the question when there is none.
std::set<std::string> spellings(const std::vector<FoundDefinition>& meant, std::string_view plain_name);

}  // namespace codehelper
