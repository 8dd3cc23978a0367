// A VectorStore that answers every question with the same hits, or with the error that the test says.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "codehelper/index/vector_store.hpp"

namespace codehelper::test {

class FakeVectorStore final : public VectorStore {
 public:
  /// A finished index of `chunks`, made by the embedder of that identity; found in this order.
  void fill(std::string embedder, std::vector<Chunk> chunks) {
    IndexMarker ready;
    ready.state = IndexState::ready;
    ready.embedder = std::move(embedder);
    ready.files = ready.chunks = chunks.size();
    ready.finished_at = "2026-01-01T00:00:00Z";
    marker = ready;
    hits = {};
    for (Chunk& chunk : chunks) {
      const auto id = static_cast<std::int64_t>(hits.lexical.size());
      hits.lexical.push_back({id, 1000.0 - static_cast<double>(id), std::move(chunk)});
    }
  }

  Task<Result<std::optional<IndexMarker>>> load_marker(RequestContext, Project) override {
    if (failure) co_return std::unexpected(*failure);
    co_return marker;
  }
  Task<Result<std::vector<IndexedFile>>> list_files(RequestContext, Project) override {
    if (failure) co_return std::unexpected(*failure);
    co_return std::vector<IndexedFile>{};
  }
  Task<Result<void>> apply(RequestContext, Project, IndexBatch) override {
    if (failure) co_return std::unexpected(*failure);
    co_return Result<void>{};
  }
  Task<Result<ChunkHits>> query(RequestContext, Project, ChunkQuery) override {
    if (failure) co_return std::unexpected(*failure);
    if (!marker) co_return fail(ErrorCode::not_found, "there is no index");
    co_return hits;
  }
  Task<Result<ChunksById>> load_chunks(RequestContext, Project, std::vector<std::int64_t> ids) override {
    if (failure) co_return std::unexpected(*failure);
    ChunksById chunks;
    for (const ScoredChunk& hit : hits.lexical) {
      if (std::ranges::find(ids, hit.id) != ids.end()) chunks.emplace(hit.id, hit.chunk);
    }
    co_return chunks;
  }
  Task<Result<void>> drop(RequestContext, Project) override {
    if (failure) co_return std::unexpected(*failure);
    co_return Result<void>{};
  }

  std::optional<Error> failure;  // of every call
  std::optional<IndexMarker> marker;
  ChunkHits hits;
};

}  // namespace codehelper::test
