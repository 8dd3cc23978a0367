// From the legs of a store to one list of chunks. Normalised linear fusion: each leg is divided by its best score, then
// added with a weight. Reciprocal ranks lose 1 to 5 points where one leg is clearly weaker, as the hashed vector is
// here (shared/retrieval.md section 2). Pure.
#pragma once

#include <vector>

#include "codehelper/index/vector_store.hpp"
#include "codehelper/retrieve/retriever.hpp"
#include "question.hpp"

namespace codehelper {

struct FusedChunk {
  std::int64_t id = 0;  // of the store
  double score = 0;     // the best has 1
  Chunk chunk;
  HitEvidence evidence;
};

struct FusionRequest {
  const Question& question;
  const std::vector<QueryTerm>& terms;  // those that were asked for
  double semantic_weight = 0;           // Embedder::weight()
  const FileVotes& votes;               // of the history
};

/// Best first; equal scores by path and line. What the question's narrowing doesn't allow is left out.
std::vector<FusedChunk> fuse_hits(const FusionRequest& request, ChunkHits hits);

}  // namespace codehelper
