// The changes that an answer proposes: its diffs, checked against the files of now.
#pragma once

#include <string>

#include "codehelper/agents/crew.hpp"

namespace codehelper {

/// The diffs that stand in the answer's code blocks, as one text; empty = there are none.
std::string find_diffs(std::string_view response);

/// Whether `diffs` apply to the project as it is, in git's own form. Blocks.
ChatEdit check_edit(const std::filesystem::path& root, std::string_view diffs);

/// Puts the edit into the text in place of its diffs, when it applies; else says that it doesn't, and why.
std::string show_edit(std::string_view response, const ChatEdit& edit);

}  // namespace codehelper
