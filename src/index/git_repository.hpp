// What the walk needs of a git repository. The index and the configuration are read through libgit2; its git_repository
// isn't used, because 1.5 leaks 20 kB for each setting of those that it opens (see also git_folders.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"
#include "glob.hpp"

namespace codehelper {

/// A file of git's index, with what git knew of it when it last looked into it.
struct TrackedFile {
  std::string path;  // a gitlink (submodule) ends in "/"
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::uint32_t size_bytes = 0;             // modulo 2^32
  std::array<unsigned char, 20> blob_id{};  // raw

  /// git's blob id in hexadecimal digits when a file with these times and this size is what git looked into, else "".
  std::string blob_id_if(std::int64_t modified, std::int64_t changed, std::uint64_t size) const;
};

struct GitRepository {
  std::filesystem::path work_tree;
  std::vector<TrackedFile> tracked;                  // by path, ascending
  std::vector<std::filesystem::path> exclude_files;  // weakest first; they need not exist
  LetterCase letter_case = LetterCase::matters;
};

/// The repository whose work tree holds `folder` (absolute, links resolved); nothing when there is none, or a bare one.
/// Errors: unavailable when it is damaged or uses what libgit2 can't read; the message names it.
Result<std::optional<GitRepository>> open_git_repository(const std::filesystem::path& folder);

/// Whether `folder` itself is the top of a work tree.
Result<bool> is_git_work_tree(const std::filesystem::path& folder);

/// git's blob id: 40 hexadecimal digits.
std::string git_blob_id(std::string_view bytes);

}  // namespace codehelper
