// A run of lines between two possible cuts: what the outline of a file is made of, before neighbours are joined.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/chunker.hpp"
#include "lines.hpp"
#include "syntax_tree.hpp"

namespace codehelper {

enum class SectionKind {
  filler,       // declares nothing: imports, statements at top level, a comment on its own
  statement,    // part of a function that is too long for one chunk
  declaration,  // a whole declaration
  header,       // the beginning of a declaration whose members are sections of their own
};

struct Section {
  SectionKind kind = SectionKind::filler;
  int first_line = 0;
  int last_line = 0;           // inclusive
  int group = 0;               // sections with the same number have the same declaration around them
  std::string symbol = {};     // the declaration it is, or is part of; empty at top level
  std::string enclosing = {};  // the declaration around; for a header its own name
  std::vector<std::string> definitions = {};
};

/// Declarations. Empty when the tree is not parsed: cut by lines then.
std::vector<Section> outline_syntax(const SyntaxTree& tree, std::string_view content, const Lines& lines,
                                    const ChunkLimits& limits);

/// Headings of Markdown (CommonMark 0.31, sections 4.2 and 4.3) and reStructuredText. Empty when there is none.
std::vector<Section> outline_headings(std::string_view language, const Lines& lines);

/// Cuts what is too long by lines, joins small neighbours, drops blank lines at the ends. `sections` ascend and don't
/// overlap; lines before, between and after them count as part of the section before, or the first one.
std::vector<Section> pack_sections(std::vector<Section> sections, const Lines& lines, const ChunkLimits& limits);

}  // namespace codehelper
