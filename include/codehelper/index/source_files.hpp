// What is indexed and why the rest is not: git's ignore rules through libgit2 in a repository (tracked files, and
// untracked ones that are not ignored), the same rules from .gitignore files in a plain folder, and in a plain folder
// that holds clones each by its own rules; a repository inside a repository is left out, as by git. Secrets are refused
// by name before they are opened, binaries and secret keys by content. Links are never followed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"

namespace codehelper {

enum class SkipReason { ignored, secret, binary, too_large, generated, nested_repository, not_a_file, unreadable };
std::string_view to_string(SkipReason reason);

struct SourceFile {
  std::string path;  // relative to the root, "/" between parts, raw bytes of the name
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;  // mtime, nanoseconds since 1970
  std::int64_t changed_ns = 0;   // ctime: copies that keep the mtime can't keep this one
  std::string blob_id = {};      // by git's index, where that knows the file as it is now; else empty

  bool operator==(const SourceFile&) const = default;
};

/// A line of .gitignore, info/exclude or core.excludesFile.
struct IgnoringRule {
  std::string pattern;  // as written
  std::string file;     // relative to the repository, or absolute
  int line = 1;         // 1-based

  bool operator==(const IgnoringRule&) const = default;
};

struct SkippedFile {
  std::string path;  // a folder that was skipped whole ends in "/"
  SkipReason reason = SkipReason::ignored;
  std::string detail;                     // for people: which rule, which size
  std::optional<IgnoringRule> rule = {};  // by which it is ignored

  bool operator==(const SkippedFile&) const = default;
};

struct SourceListing {
  std::vector<SourceFile> files;     // by path, ascending bytewise
  std::vector<SkippedFile> skipped;  // by path, ascending bytewise
};

/// Walks `root` (absolute). Blocks: run it on the blocking pool. Names and sizes only, no file is opened.
/// Errors: not_found when the root is gone, unavailable when git's data can't be read or the machine fails (I/O error,
/// no descriptor or memory left); the message names the file.
Result<SourceListing> list_source_files(const std::filesystem::path& root, std::uint64_t max_file_bytes);

/// As list_source_files(), of the file at `path` (relative to the root) only: it alone, or it or the folder by which it
/// is kept out among the skipped ones, or neither when there is no such file. Looks at no other folder.
Result<SourceListing> list_source_file(const std::filesystem::path& root, std::string_view path,
                                       std::uint64_t max_file_bytes);

/// The bytes of one listed file, or why its content is not indexed.
struct FileContent {
  std::string bytes;
  std::string hash;  // git's blob id of the bytes: 40 hexadecimal digits
};
/// Blocks. Opens with O_NOFOLLOW below `root`. Errors: not_found when the file is gone meanwhile (callers treat it as
/// deleted), unavailable when the machine fails. A file that is refused by content comes back as the SkippedFile.
Result<std::expected<FileContent, SkippedFile>> read_source_file(const std::filesystem::path& root,
                                                                 const SourceFile& file, std::uint64_t max_file_bytes);

/// As read_source_file(), without the hash, which takes longer than the reading.
Result<std::expected<std::string, SkippedFile>> read_source_bytes(const std::filesystem::path& root,
                                                                  const SourceFile& file, std::uint64_t max_file_bytes);

/// The bytes of a regular file below `root`, whether or not it is indexed; no link is followed below `root`. Blocks.
/// Errors: an errno; ELOOP for a link, ENXIO for what is no regular file, EFBIG for more than `max_bytes`.
std::expected<std::string, int> read_file_below(const std::filesystem::path& root, std::string_view path,
                                                std::uint64_t max_bytes);

/// Whether a file of this name may hold secrets: ".env", "id_rsa", "*.pem", …; only the last part of the path and known
/// folders (".ssh/", ".aws/") count. Templates such as ".env.example" are no secrets.
bool is_secret_path(std::string_view path);

}  // namespace codehelper
