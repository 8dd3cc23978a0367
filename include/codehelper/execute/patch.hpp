// Unified diffs by the rules of git apply: read, applied to the files of now, and written in git's own form. Pure:
// files come through a function. Refused beyond what git refuses: binary changes, links and submodules, and diffs in
// which a file stands twice in ways that depend on the order. Attributes and settings that make git convert line ends
// are not looked at.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"

namespace codehelper {

struct PatchLine {
  enum class Kind { context, removed, added };
  Kind kind = Kind::context;
  std::string text;  // with its line feed, which only a file's last line may lack
};

struct PatchHunk {
  std::size_t old_start = 0;  // as the diff has them; 1-based, 0 for none
  std::size_t old_count = 0;
  std::size_t new_start = 0;
  std::size_t new_count = 0;
  std::vector<PatchLine> lines;
};

struct FilePatch {
  enum class Kind { modify, create, remove, rename, copy };
  Kind kind = Kind::modify;
  std::string old_path;               // relative to the project, without "a/"; empty for create
  std::string new_path;               // empty for remove
  std::optional<bool> is_executable;  // afterwards; nothing = as before
  bool may_be_new = false;            // a diff without git's header doesn't tell whether the file is there
  std::vector<PatchHunk> hunks;
};

struct Patch {
  std::vector<FilePatch> files;  // at least one
};

struct PatchedFile {
  std::string path;
  std::optional<std::string> content;  // nothing = the file is removed
  bool is_executable = false;
};

struct PatchOutcome {
  std::vector<PatchedFile> files;  // each path once, sorted
  std::string text;                // the same change as a diff that git apply takes as it stands
};

struct PatchInput {
  std::string content;
  bool is_executable = false;

  bool operator==(const PatchInput&) const = default;
};
/// Nothing = no such file. Errors: what can't be patched there (a directory, a link, a file too big), with the reason.
using PatchSource = std::function<Result<std::optional<PatchInput>>(const std::string& path)>;

/// Paths without the prefixes a/ and b/ (and git's other pairs) are taken as they stand, as with git apply -p0. Errors
/// of all here: conflict, with the line, or the file and hunk, and why.
Result<Patch> parse_patch(std::string_view text);

/// Context must match exactly; a hunk is looked for around its place as git does, without fuzz.
Result<PatchOutcome> apply_patch(const Patch& patch, const PatchSource& read);

/// For diffs that a model wrote: with wrong line numbers and counts, blanks at line ends, another line end, without the
/// last line feed, in ``` fences, without prefixes. What git apply takes as it stands is taken as git does; else each
/// hunk goes where its lines are, if there is one such place.
Result<PatchOutcome> mend_patch(std::string_view text, const PatchSource& read);

/// Reads files below a project for the above: no link is followed, nothing above 16 MiB is read. The function blocks.
PatchSource make_patch_source(std::string project_root);

}  // namespace codehelper
