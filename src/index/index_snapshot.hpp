// One state of an index in memory, ready for searching. Knows no store: embedded_snapshot.hpp and chroma_snapshot.hpp
// feed it and keep it up to date.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codehelper/index/vector_store.hpp"
#include "learned_vectors.hpp"
#include "lexical_index.hpp"
#include "vector_matrix.hpp"

namespace codehelper {

class IndexSnapshot {
 public:
  struct ChunkEntry {
    std::int64_t id = 0;
    std::uint32_t file = 0;  // as add_file() numbered it
    int start_line = 1;
    bool is_live = true;
  };

  /// The number of a new file. A path that comes again after its chunks were removed is a new file.
  std::uint32_t add_file(std::string_view path);
  /// Adds the next chunk, at the end of chunks(). The chunks of one file come one after the other, by line.
  void add(std::int64_t id, std::uint32_t file, int start_line, std::span<const TermCount> terms);
  /// The vector of the chunk that was added last, as encode_vector() makes it; for all chunks or for none. False when
  /// it is damaged.
  bool add_vector(std::string_view bytes) { return vectors_.add(bytes); }
  /// `position` in chunks(). Stays there as a dead entry. Once only.
  void remove(std::size_t position);

  /// After adding and removing: what the words that go together say of each chunk.
  void learn(LearnedVectors::Learning learning = LearnedVectors::Learning::now) { learned_.follow(lexical_, learning); }
  /// The same in two steps, the longer of which changes nothing here.
  LearnedVectors learned() const {
    LearnedVectors learned = learned_;
    learned.follow(lexical_);
    return learned;
  }
  void take(LearnedVectors learned) { learned_ = std::move(learned); }

  const std::vector<ChunkEntry>& chunks() const { return chunks_; }
  /// Whether so much of it is dead that it is better made anew.
  bool is_worn_out() const;

  struct RankedChunk {
    std::int64_t id = 0;
    double score = 0;
  };
  struct Ranking {
    std::vector<RankedChunk> lexical;
    std::vector<RankedChunk> semantic;
    std::vector<RankedChunk> learned;
    std::vector<RankedChunk> definitions;
    std::vector<ScoredFile> files;
    std::vector<double> rarities;
  };
  Ranking rank(const ChunkQuery& query) const;
  /// An estimate.
  std::size_t memory_bytes() const;

 private:
  /// By position: whether a chunk passes. Empty = all do.
  std::vector<bool> find_passing(const ChunkFilter& filter) const;
  std::vector<RankedChunk> best_chunks(const std::vector<float>& scores, std::size_t limit) const;
  std::vector<RankedChunk> best_documents(std::vector<LexicalIndex::DocumentScore> documents, std::size_t limit) const;
  std::vector<ScoredFile> best_files(const std::vector<float>& scores, std::size_t limit) const;

  std::vector<ChunkEntry> chunks_;
  std::vector<std::string> paths_;  // by file number
  LexicalIndex lexical_;
  LearnedVectors learned_;
  VectorMatrix vectors_;
};

}  // namespace codehelper
