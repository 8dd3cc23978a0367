// What narrows a search: "path:src/net", "lang:go" and a "quoted phrase" in a question of one line. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/chunk_filter.hpp"

namespace codehelper {

struct Narrowing {
  ChunkFilter filter;                // `words` are those of the phrases
  std::vector<std::string> phrases;  // lower case, one space for each run of blanks

  /// Whether the chunk is of a wished-for file and language, and holds every phrase.
  bool allows(const Chunk& chunk) const;
  void drop_phrases();
};

struct NarrowedQuestion {
  std::string text;  // without the filters; phrases stay, as words
  Narrowing narrowing;
};

/// A question of several lines is pasted text and narrows nothing. In one of more than twelve words quotation marks are
/// those of prose: of 13 such commit messages with a quotation that was in the repository, the files in question lacked
/// it in two. "lang:" takes names and extensions ("python", "py", "c++").
NarrowedQuestion read_narrowing(std::string_view question);

}  // namespace codehelper
