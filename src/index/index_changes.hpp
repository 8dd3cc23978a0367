// Which files an index pass has to look into: the difference between the listing and the index. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "codehelper/index/source_files.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

using IndexedFiles = std::unordered_map<std::string, IndexedFile>;  // by path

struct IndexChanges {
  std::vector<SourceFile> to_read;   // new, of another size, mtime or ctime, or unproven
  std::vector<std::string> removed;  // indexed, but listed no more; ascending
  std::uint64_t unchanged_files = 0;
  std::uint64_t unchanged_chunks = 0;
};

enum class Reuse { unchanged_files, nothing };

IndexChanges find_changes(const std::vector<SourceFile>& listed, const IndexedFiles& indexed, Reuse reuse);

/// Consecutive parts of `files` of at most `limit_bytes` (a larger file is a part of its own) and `limit_files`.
std::vector<std::span<const SourceFile>> split_files(std::span<const SourceFile> files, std::uint64_t limit_bytes,
                                                     std::size_t limit_files);

}  // namespace codehelper
