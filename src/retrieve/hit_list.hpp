// The last step: few places a file, neighbours as one, the best first. Pure.
#pragma once

#include <vector>

#include "codehelper/retrieve/retriever.hpp"
#include "rank_fusion.hpp"

namespace codehelper {

struct HitList {
  std::vector<SearchHit> hits;
  std::vector<CutPlace> cut;
};

/// `chunks` best first. Takes chunks until there are `limit` hits; a chunk that touches an earlier hit of its file
/// joins it (at most kLongestHit lines), so its text stays exactly the file's lines.
HitList make_hit_list(std::vector<FusedChunk> chunks, std::size_t limit, std::size_t max_hits_per_file);

}  // namespace codehelper
