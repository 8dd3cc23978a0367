// Where a repository of git keeps what (gitrepository-layout(5)). Found here and not by libgit2, because that (1.5)
// refuses repositories with extensions that don't matter for us.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "codehelper/base/error.hpp"

namespace codehelper {

struct GitFolders {
  std::filesystem::path work_tree;
  std::filesystem::path own;     // ".git", or what a ".git" file points to: HEAD and index
  std::filesystem::path common;  // the same, but for a second work tree: objects, configuration
};

/// The repository that `folder` is the top of. `own` is empty when it is none. Errors of both: unavailable when the
/// machine fails.
Result<GitFolders> find_git_at(const std::filesystem::path& folder);

/// Goes up like git: not across file systems, and not past a ".git" file that points nowhere, which is an error too.
Result<std::optional<GitFolders>> find_git_around(const std::filesystem::path& folder);

/// What one of git's own text files holds, and the first line of it; empty when it can't be read. Errors: unavailable
/// when the machine fails.
Result<std::string> read_git_file(const std::filesystem::path& file);
Result<std::string> read_git_line(const std::filesystem::path& file);

}  // namespace codehelper
