// Answers one query from an index in Chroma: the semantic leg is Chroma's own search, the lexical legs are ranked in
// the snapshot and their chunks fetched. Both at once.
#pragma once

#include "chroma_snapshots.hpp"

namespace codehelper {

struct ChromaSearch {
  EventLoop& loop;
  ChromaApi& api;
  ChromaSnapshots& snapshots;
  std::chrono::milliseconds warming_wait;
};

/// Errors: those of ChromaApi; not_found when the collections are gone. While the snapshot is not up to date: what
/// there is, and ChunkHits::is_warming; a query without a vector waits until its deadline instead.
Task<Result<ChunkHits>> query_chroma(RequestContext context, ChromaSearch search, Project project, ChromaIndex index,
                                     ChunkQuery query);

enum class ChromaText { with, without };

/// Those that are still there. `chunks_id` is the UUID of their collection. Errors: those of ChromaApi.
Task<Result<ChunksById>> load_chroma_chunks(RequestContext context, ChromaSearch search, std::string chunks_id,
                                            std::vector<std::int64_t> ids, ChromaText text);

}  // namespace codehelper
