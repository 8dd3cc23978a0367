#include "codehelper/index/embedder.hpp"

#include "codehelper/index/word_hasher.hpp"

#include <cmath>
#include <cstdint>

namespace codehelper {
namespace {

constexpr std::size_t kDimension = 64;  // 128 and 256 cost space and a search's time, and find no more
constexpr double kWeight = 0.2;         // more costs hits: alone it finds half of what words find (shared/retrieval.md)
constexpr std::string_view kIdentity = "hashing-64-v1";  // a change of the words or the hash needs a new name

void normalize(Embedding& vector) {
  double square = 0;
  for (const float value : vector) square += static_cast<double>(value) * value;
  if (square == 0) return;
  const auto factor = static_cast<float>(1 / std::sqrt(square));
  for (float& value : vector) value *= factor;
}

/// Words and adjacent pairs, ascending.
std::vector<std::uint64_t> hash_features(std::string_view text, WordHasher& hasher) {
  std::vector<std::uint64_t> features;
  std::uint64_t before = 0;
  for (const std::uint64_t feature : hasher.hash_words(text)) {
    features.push_back(feature);
    if (before != 0) features.push_back((before * 31) ^ feature);
    before = feature;
  }
  sort_hashes(features);
  return features;
}

Embedding embed_text(std::string_view text, WordHasher& hasher) {
  const std::vector<std::uint64_t> features = hash_features(text, hasher);
  Embedding vector(kDimension, 0.0F);
  for (std::size_t begin = 0, end = 0; begin < features.size(); begin = end) {
    while (end < features.size() && features[end] == features[begin]) ++end;
    const float sign = ((features[begin] >> 32U) & 1U) == 0 ? 1.0F : -1.0F;
    vector[features[begin] % kDimension] += sign * (1 + std::log(static_cast<float>(end - begin)));
  }
  normalize(vector);
  return vector;
}

class HashingEmbedder final : public Embedder {
 public:
  explicit HashingEmbedder(EventLoop& loop) : loop_(loop) {}

  std::string identity() const override { return std::string(kIdentity); }
  double weight() const override { return kWeight; }
  Task<Result<std::size_t>> find_dimension(RequestContext /*context*/) override { co_return kDimension; }

  Task<Result<std::vector<Embedding>>> embed(RequestContext /*context*/, TextRole /*role*/,
                                             std::vector<std::string> texts) override {
    auto work = [texts = std::move(texts)] {
      std::vector<Embedding> vectors;
      vectors.reserve(texts.size());
      WordHasher hasher(texts.size() == 1 ? WordHasher::kForLines : WordHasher::kForTexts);
      for (const std::string& text : texts) vectors.push_back(embed_text(text, hasher));
      return vectors;
    };
    auto vectors = co_await loop_.run_blocking(std::move(work));
    co_return vectors;
  }

 private:
  EventLoop& loop_;
};

}  // namespace

std::unique_ptr<Embedder> make_hashing_embedder(EventLoop& loop) {
  return std::make_unique<HashingEmbedder>(loop);
}

}  // namespace codehelper
