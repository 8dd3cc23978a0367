// The vectors of some files' chunks while they are got together: what is known already, and what must be made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codehelper/index/vector_store.hpp"

namespace codehelper {

class EmbeddingWork {
 public:
  EmbeddingWork(std::string embedder_identity, const std::vector<FileChunks>& files);

  std::size_t size() const { return texts_.size(); }
  const std::vector<std::int64_t>& keys() const { return keys_; }
  /// One a key; empty where nothing is known.
  void take_known(std::vector<Embedding> vectors);
  /// The texts without a vector, each once; take_made() follows when there is one.
  std::vector<std::string> release_missing_texts();
  /// Errors: unavailable when there are more or fewer than texts.
  Result<void> take_made(std::vector<Embedding> vectors);
  /// Sets the vectors and keys of the files that it was made of.
  void hand_out(std::vector<FileChunks>& files);

 private:
  std::string identity_;
  std::vector<std::string> texts_;   // one a chunk
  std::vector<std::int64_t> keys_;   // the same
  std::vector<Embedding> vectors_;   // the same; empty = missing
  std::vector<std::int64_t> asked_;  // the keys of the texts that were released, in order
};

}  // namespace codehelper
