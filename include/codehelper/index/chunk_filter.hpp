// Narrows a query to some files, and to chunks that hold certain words. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/chunk.hpp"

namespace codehelper {

struct ChunkFilter {
  /// One of them is enough; none = every file. With '*', '?' or '[' a glob for the whole path, or for its last part
  /// when it has no '/'; else a piece of the path in any case.
  std::vector<std::string> paths;
  std::vector<std::string> languages;  // as in Chunk; one is enough, none = every language
  std::vector<std::string> words;      // of analyze_text(); a chunk must hold all of them
  std::string folder = {};             // only what is below it, without a slash at the end; empty = everything

  bool empty() const { return paths.empty() && languages.empty() && words.empty() && folder.empty(); }
};

/// By the path alone: false when no chunk of such a file can pass. A file whose language only its content tells passes.
bool may_pass(const ChunkFilter& filter, std::string_view path);

/// By path and language; the words are the store's part.
bool passes(const ChunkFilter& filter, const Chunk& chunk);

}  // namespace codehelper
