// Looks whether an embedded index is whole: for `codehelper doctor`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "codehelper/index/project.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

struct CheckResult {
  std::string what;  // was looked at, and what was found
  std::string fix;   // empty = all is well
};

/// Reads all of the index in `file`, while others may write it: pages, format, counts, words, vectors and texts, and
/// what it takes of the disk. Blocks, for seconds when it is large. Ends with the first thing that is damaged.
std::vector<CheckResult> check_index_file(const std::filesystem::path& file);

/// The database files of all indexes in `data_dir`, by name.
std::vector<std::filesystem::path> list_index_files(const std::filesystem::path& data_dir);

/// Of all finished indexes in `data_dir` that can be read. Blocks.
std::vector<IndexMarker> load_index_markers(const std::filesystem::path& data_dir);

/// Bytes that an index takes of the disk, its log included; 0 when there is none.
std::uint64_t index_file_bytes(const std::filesystem::path& file);

}  // namespace codehelper
