// Names and ranges in the headers of a diff.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "codehelper/execute/patch.hpp"

namespace codehelper {

/// What a line of a header names: plain up to a tab or the end of the line, or C-quoted. Nothing for bad quotes.
std::optional<std::string> parse_name(std::string_view rest);
/// What is after a tab: diff's time stamp; empty where there is none.
std::string_view time_stamp_of(std::string_view rest);

/// "a/x" and "b/x" (and git's other pairs of prefixes) without them; other pairs as they are.
std::pair<std::string, std::string> without_prefixes(std::string old_name, std::string new_name);

/// The one name in "diff --git a/x b/x" after the first two words, when both sides have the same. Nothing else tells
/// the name of an empty file or of a change of mode.
std::optional<std::string> parse_git_names(std::string_view rest);

/// "@@ -1,2 +3 @@ …", without its lines.
std::optional<PatchHunk> parse_hunk_header(std::string_view line);

inline constexpr std::string_view kNoFile = "/dev/null";

/// Refused: what leaves the project, the git directory under any of the names that git protects, and "".
Result<void> check_patch_path(const std::string& path);
/// The paths of a file's sides, and whether they are one or two as its kind wants it.
Result<void> check_patch_paths(const FilePatch& file);

}  // namespace codehelper
