#include "codehelper/index/chunker.hpp"

#include "section.hpp"
#include "syntax_symbols.hpp"

namespace codehelper {

namespace {

bool has_headings(std::string_view language) {
  return language == "markdown" || language == "restructuredtext";
}

std::vector<Chunk> make_chunks(std::string_view path, const std::string& language, const Lines& lines,
                               std::vector<Section> sections) {
  std::vector<Chunk> chunks;
  chunks.reserve(sections.size());
  for (auto& section : sections) {
    chunks.push_back({.path = std::string(path),
                      .language = language,
                      .symbol = std::move(section.symbol),
                      .start_line = section.first_line + 1,
                      .end_line = section.last_line + 1,
                      .text = std::string(lines.range(section.first_line, section.last_line)),
                      .definitions = std::move(section.definitions)});
  }
  return chunks;
}

}  // namespace

FileOutline outline_file(std::string_view path, std::string_view content, const ChunkLimits& limits) {
  const auto language = detect_language(path, content);
  const Lines lines(content);
  const auto tree = SyntaxTree::parse(language, content);
  auto sections =
      has_headings(language) ? outline_headings(language, lines) : outline_syntax(tree, content, lines, limits);
  auto chunks = make_chunks(path, language, lines, pack_sections(std::move(sections), lines, limits));
  return {std::move(chunks), find_symbols(tree, content)};
}

std::vector<Chunk> chunk_file(std::string_view path, std::string_view content, const ChunkLimits& limits) {
  return outline_file(path, content, limits).chunks;
}

}  // namespace codehelper
