// From the legs of a store to one list of chunks. Normalised linear fusion: each leg is divided by its best score, then
// added with a weight. Reciprocal ranks lose 1 to 5 points where one leg is clearly weaker, as the hashed vector is
// here (shared/retrieval.md section 2). Pure.
#pragma once

#include <vector>

#include "codehelper/index/vector_store.hpp"
#include "question.hpp"

namespace codehelper {

struct FusedChunk {
  double score = 0;
  Chunk chunk;
};

/// Best first; equal scores by path and line. `semantic_weight` is that of Embedder::weight().
std::vector<FusedChunk> fuse_hits(const Question& question, ChunkHits hits, double semantic_weight);

}  // namespace codehelper
