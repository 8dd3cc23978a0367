// What an index would hold and what not, and why: the same rules as an index pass, and nothing is written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/source_files.hpp"

namespace codehelper {

struct IndexPlan {
  std::vector<SourceFile> files;     // by path
  std::vector<SkippedFile> skipped;  // by path; with those whose content is refused
  std::uint64_t bytes = 0;           // of the files
};

/// Reads every listed file. Blocks. Errors: those of list_source_files() and read_source_file() but not_found.
Result<IndexPlan> plan_index(const std::filesystem::path& root, std::uint64_t max_file_bytes);

struct FileVerdict {
  std::string path;  // relative to the root
  std::optional<SkippedFile>
      skipped;  // nothing: it is indexed. The path is that of the folder when it is kept out whole
};

/// Why one file, relative to `root` or absolute, is indexed or not. `listing` is that of list_source_files(). Blocks.
/// Errors: not_found when there is no such file, invalid_input when the path is none in the project, and those of
/// read_source_file().
Result<FileVerdict> why_file(const std::filesystem::path& root, const SourceListing& listing, std::string_view path,
                             std::uint64_t max_file_bytes);

}  // namespace codehelper
