// Cuts a file into chunks: by declaration with its comments where there is a grammar (tree-sitter), by headings for
// Markdown, by blank lines for other text. The chunks of a file cover every line that is not blank exactly once, in
// order. Pure; safe to call from several threads at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/chunk.hpp"
#include "codehelper/index/symbols.hpp"

namespace codehelper {

struct ChunkLimits {
  int target_lines = 50;             // neighbours are joined up to this
  int max_lines = 100;               // longer declarations are split at statements
  std::size_t max_bytes = 8 * 1024;  // as above; one line longer than this is a chunk of its own
};

/// The language by file name, extension or first line ("#!/usr/bin/env python3"); "text" when nothing is known.
std::string detect_language(std::string_view path, std::string_view content);

/// `content` are the file's bytes. Lines end at '\n' only. An empty or blank file has no chunk. Broken syntax is no
/// error: what the grammar can't read is cut by lines.
struct FileOutline {
  std::vector<Chunk> chunks;
  FileSymbols symbols;  // empty without a grammar
};
FileOutline outline_file(std::string_view path, std::string_view content, const ChunkLimits& limits = {});

/// The chunks of outline_file().
std::vector<Chunk> chunk_file(std::string_view path, std::string_view content, const ChunkLimits& limits = {});

}  // namespace codehelper
