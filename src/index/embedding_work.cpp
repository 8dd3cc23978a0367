#include "embedding_work.hpp"

#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "codehelper/index/vector_reuse.hpp"

namespace codehelper {

namespace {

/// What a vector stands for: the declaration that the chunk is in, and its text. Not the path: a renamed file keeps its
/// vectors, and the words of the path are searched as words.
std::string make_embedded_text(const Chunk& chunk) {
  return fmt::format("{}\n{}", chunk.symbol, chunk.text);
}

}  // namespace

EmbeddingWork::EmbeddingWork(std::string embedder_identity, const std::vector<FileChunks>& files)
    : identity_(std::move(embedder_identity)) {
  for (const FileChunks& file : files) {
    for (const Chunk& chunk : file.chunks) {
      texts_.push_back(make_embedded_text(chunk));
      keys_.push_back(vector_key(identity_, texts_.back()));
    }
  }
  vectors_.resize(texts_.size());
}

void EmbeddingWork::take_known(std::vector<Embedding> vectors) {
  for (std::size_t i = 0; i < vectors_.size() && i < vectors.size(); ++i) vectors_[i] = std::move(vectors[i]);
}

std::vector<std::string> EmbeddingWork::release_missing_texts() {
  std::vector<std::string> missing;
  std::unordered_set<std::int64_t> seen;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    if (!vectors_[i].empty() || !seen.insert(keys_[i]).second) continue;
    asked_.push_back(keys_[i]);
    missing.push_back(std::move(texts_[i]));
  }
  return missing;
}

Result<void> EmbeddingWork::take_made(std::vector<Embedding> vectors) {
  if (vectors.size() != asked_.size()) {
    return fail(ErrorCode::unavailable,
                fmt::format("the embedder {} gave {} vectors for {} texts", identity_, vectors.size(), asked_.size()));
  }
  std::unordered_map<std::int64_t, const Embedding*> by_key;
  for (std::size_t i = 0; i < vectors.size(); ++i) by_key.emplace(asked_[i], &vectors[i]);
  for (std::size_t i = 0; i < vectors_.size(); ++i) {
    if (!vectors_[i].empty()) continue;
    const auto made = by_key.find(keys_[i]);
    if (made != by_key.end()) vectors_[i] = *made->second;
  }
  return {};
}

void EmbeddingWork::hand_out(std::vector<FileChunks>& files) {
  std::size_t next = 0;
  for (FileChunks& file : files) {
    for (std::size_t i = 0; i < file.chunks.size(); ++i, ++next) {
      file.embeddings.push_back(std::move(vectors_[next]));
      file.vector_keys.push_back(keys_[next]);
    }
  }
}

}  // namespace codehelper
