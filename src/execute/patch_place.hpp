// Where the hunks of a diff go, and putting them there.
#pragma once

#include "codehelper/execute/patch.hpp"
#include "patch_text.hpp"

namespace codehelper {

/// By git's rules: at the line that the header says or the nearest place where all context matches exactly; at the
/// beginning or the end of the file where the hunk has no context there. Errors: conflict.
Result<void> place_by_number(const FilePatch& file, Image& image);

/// By content alone: where the hunk's lines are, which must be one place only, or the one that the header says. Blanks
/// at line ends and the kind of line end don't count. Errors: conflict.
Result<void> place_by_content(const FilePatch& file, Image& image);

using PlaceHunks = Result<void> (*)(const FilePatch& file, Image& image);

/// apply_patch() with a rule for the place of hunks.
Result<PatchOutcome> apply_patch(const Patch& patch, const PatchSource& read, PlaceHunks place);

/// What a hunk expects to find, in order.
std::vector<const PatchLine*> old_side(const PatchHunk& hunk);
/// Why the hunk, from 0, is nowhere: the line at which the best place fails.
std::unexpected<Error> refuse_hunk(const FilePatch& file, std::size_t hunk, const Image& image);
std::unexpected<Error> refuse_hunk(const FilePatch& file, std::size_t hunk, const std::string& reason);

}  // namespace codehelper
