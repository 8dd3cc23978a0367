// What the walk needs of a git repository. The index and the configuration are read through libgit2; finding them is
// done here (gitrepository-layout(5)), because libgit2 1.5 refuses repositories with extensions that don't matter for
// this, and leaks 20 kB for each setting of those it accepts.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"
#include "glob.hpp"

namespace codehelper {

struct GitRepository {
  std::filesystem::path work_tree;
  std::vector<std::string> tracked;                  // paths of the index, ascending; a gitlink (submodule) ends in "/"
  std::vector<std::filesystem::path> exclude_files;  // weakest first; they need not exist
  LetterCase letter_case = LetterCase::matters;
};

/// The repository whose work tree holds `folder` (absolute, links resolved); nothing when there is none, or a bare one.
/// Errors: unavailable when it is damaged or uses what libgit2 can't read; the message names it.
Result<std::optional<GitRepository>> open_git_repository(const std::filesystem::path& folder);

/// Whether `folder` itself is the top of a work tree.
bool is_git_work_tree(const std::filesystem::path& folder);

/// git's blob id: 40 hexadecimal digits.
std::string git_blob_id(std::string_view bytes);

}  // namespace codehelper
