// Reads, compares and chunks some files: the part of an index pass that runs on the blocking pool.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "codehelper/base/error.hpp"
#include "index_changes.hpp"

namespace codehelper {

struct PreparedFiles {
  std::vector<FileChunks> changed;   // without vectors yet
  std::vector<IndexedFile> touched;  // same content; with the number of their chunks
  std::vector<std::string> removed;  // indexed before, now gone or refused
  std::vector<SkippedFile> skipped;
  std::uint64_t files = 0;  // looked at
};

struct PreparationInput {
  std::filesystem::path root;
  std::span<const SourceFile> files;
  const IndexedFiles& indexed;  // what these files are compared with by content
  std::uint64_t max_file_bytes = 0;
};

/// Blocks. Content that is no UTF-8 is indexed with U+FFFD in place of what can't be read. Errors: those of
/// read_source_file() but not_found.
Result<PreparedFiles> prepare_files(const PreparationInput& input);

}  // namespace codehelper
