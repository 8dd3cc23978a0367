// Chunks, files and markers for tests of stores and of what is built on them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "codehelper/index/text_analysis.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper::test {

inline Chunk make_chunk(std::string path, int start_line, std::string text) {
  Chunk chunk;
  chunk.path = std::move(path);
  chunk.language = "cpp";
  chunk.start_line = start_line;
  chunk.end_line = start_line;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) chunk.end_line += text[i] == '\n' ? 1 : 0;
  chunk.text = std::move(text);
  return chunk;
}

/// A file of one chunk a text, with the vector (1, 0) for each.
inline FileChunks make_file(const std::string& path, const std::vector<std::string>& texts) {
  FileChunks file;
  file.file = {path, std::string(40, 'a'), 10, 1000, 0};
  int line = 1;
  for (const std::string& text : texts) {
    file.chunks.push_back(make_chunk(path, line, text));
    file.embeddings.push_back({1, 0});
    line = file.chunks.back().end_line + 1;
  }
  return file;
}

inline IndexMarker make_ready_marker() {
  IndexMarker marker;
  marker.state = IndexState::ready;
  marker.project_path = "/posted";
  marker.embedder = "two-dimensions";
  marker.dimension = 2;
  marker.files = 1;
  marker.chunks = 1;
  marker.finished_at = "2026-01-02T03:04:05Z";
  return marker;
}

inline ChunkQuery make_word_query(std::string_view words) {
  ChunkQuery query;
  for (const std::string& word : analyze_text(words)) query.terms.push_back({word, 1});
  return query;
}

inline std::vector<std::string> paths_of(const std::vector<ScoredChunk>& chunks) {
  std::vector<std::string> paths;
  for (const ScoredChunk& chunk : chunks) paths.push_back(chunk.chunk.path);
  return paths;
}

}  // namespace codehelper::test
