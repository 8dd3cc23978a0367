#include "codehelper/index/chunker.hpp"

#include "codehelper/base/hash.hpp"
#include "section.hpp"

namespace codehelper {

namespace {

std::vector<Section> outline(std::string_view language, std::string_view content, const Lines& lines,
                             const ChunkLimits& limits) {
  if (language == "markdown" || language == "restructuredtext") return outline_headings(language, lines);
  return outline_syntax(language, content, lines, limits);
}

}  // namespace

std::vector<Chunk> chunk_file(std::string_view path, std::string_view content, const ChunkLimits& limits) {
  const auto language = detect_language(path, content);
  const Lines lines(content);

  std::vector<Chunk> chunks;
  for (auto& section : pack_sections(outline(language, content, lines, limits), lines, limits)) {
    std::string text(lines.range(section.first_line, section.last_line));
    auto hash = sha256_hex(text);
    chunks.push_back({.path = std::string(path),
                      .language = language,
                      .symbol = std::move(section.symbol),
                      .start_line = section.first_line + 1,
                      .end_line = section.last_line + 1,
                      .text = std::move(text),
                      .hash = std::move(hash),
                      .definitions = std::move(section.definitions)});
  }
  return chunks;
}

}  // namespace codehelper
