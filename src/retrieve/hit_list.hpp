// The last step: few places a file, neighbours as one, the best first. Pure.
#pragma once

#include <vector>

#include "codehelper/retrieve/retriever.hpp"
#include "rank_fusion.hpp"

namespace codehelper {

/// A hit, and the chunks that it is made of.
struct ChosenHit {
  struct Part {
    std::int64_t id = 0;
    int start_line = 1;
    int end_line = 1;
  };
  SearchHit hit;            // without its text
  std::vector<Part> parts;  // top to bottom
};

struct HitList {
  std::vector<ChosenHit> hits;
  std::vector<CutPlace> cut;
};

/// `chunks` best first. Takes chunks until there are `limit` hits; a chunk that touches an earlier hit of its file
/// joins it (at most kLongestHit lines), so its text will be exactly the file's lines.
HitList make_hit_list(std::vector<FusedChunk> chunks, std::size_t limit, std::size_t max_hits_per_file);

/// The hits with the text of their chunks, without those of which a chunk was removed or written anew meanwhile.
std::vector<SearchHit> add_texts(std::vector<ChosenHit> hits, const ChunksById& chunks);

}  // namespace codehelper
