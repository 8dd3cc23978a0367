// One committed state of an index in memory, ready for searching; follows the database by what changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "index_database.hpp"
#include "lexical_index.hpp"
#include "vector_matrix.hpp"

namespace codehelper {

class IndexSnapshot {
 public:
  /// Within a read transaction of `database`, always the same one. Errors: unavailable. After an error the snapshot
  /// must not be used.
  Result<void> follow(IndexDatabase& database);

  struct RankedChunk {
    std::int64_t id = 0;
    double score = 0;
  };
  struct Ranking {
    std::vector<RankedChunk> lexical;
    std::vector<RankedChunk> semantic;
    std::vector<RankedChunk> definitions;
    std::vector<ScoredFile> files;
  };
  Ranking rank(const ChunkQuery& query) const;
  /// An estimate.
  std::size_t memory_bytes() const;

 private:
  struct ChunkEntry {
    std::int64_t id = 0;
    std::uint32_t file = 0;
    int start_line = 1;
    bool is_live = true;
  };

  Result<void> load_paths(IndexDatabase& database);
  void remove_missing(const std::vector<std::int64_t>& live_ids);
  Result<void> add_new(IndexDatabase& database);
  std::uint32_t file_number(std::int64_t file_id);
  std::vector<RankedChunk> best_chunks(const std::vector<float>& scores, std::size_t limit) const;
  std::vector<RankedChunk> best_documents(std::vector<LexicalIndex::DocumentScore> documents, std::size_t limit) const;
  std::vector<ScoredFile> best_files(const std::vector<float>& scores, std::size_t limit) const;

  std::optional<std::int64_t> revision_;
  std::vector<ChunkEntry> chunks_;                                // ascending by id
  std::vector<std::string> paths_;                                // by file number
  std::unordered_map<std::int64_t, std::uint32_t> file_numbers_;  // by id in the database
  LexicalIndex lexical_;
  VectorMatrix vectors_;
};

}  // namespace codehelper
