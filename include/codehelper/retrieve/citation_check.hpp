// Whether the lines that an answer cites are in the file now, byte for byte. Text travels as UTF-8, so bytes that are
// none are shown and compared as U+FFFD: of such lines a change from one of these bytes to another goes unnoticed.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "codehelper/retrieve/retriever.hpp"

namespace codehelper {

/// True when the lines start_line..end_line of `root`/`hit.path` equal `hit.text` now. False when the file is gone, was
/// changed there, is a link or lies outside of `root`. Blocks: run it on the blocking pool.
bool is_citation_true(const std::filesystem::path& root, const SearchHit& hit);

/// The hits whose lines are in their files now, with the places where they are: lines that only moved are found again,
/// the nearest place where there are several. All of them as they are when `root` itself is gone. Blocks.
std::vector<SearchHit> keep_true_hits(const std::filesystem::path& root, std::vector<SearchHit> hits);

}  // namespace codehelper
