// Which words go together in this repository, learned from its own chunks: latent semantic indexing (Deerwester et al.,
// "Indexing by Latent Semantic Analysis", JASIS 1990) by randomised subspace iteration (Halko, Martinsson and Tropp,
// "Finding Structure with Randomness", SIAM Review 2011). So a place may be found that says it in other words. What is
// learned follows from the live documents alone, in whatever order they came: the same files give the same vectors.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "lexical_index.hpp"
#include "vector_matrix.hpp"

namespace codehelper {

class LearnedVectors {
 public:
  /// The next document, as LexicalIndex::add() numbers them.
  void add(std::span<const TermCount> terms);
  /// Whether to learn anew when a document of the sample changed. That takes some 0.1 s for 13,000 documents and 0.5 s
  /// for 119,000, of which most is to give each its vector anew. Later: what is new gets vectors by what was learned.
  enum class Learning { now, later };
  /// Takes in what was added to the index and removed from it.
  void follow(const LexicalIndex& index, Learning learning = Learning::now);

  /// Cosine of the words with every document that follow() has seen, by number; empty when none of the words was
  /// learned.
  std::vector<float> multiply(std::span<const WeightedTerm> terms) const;

  /// An estimate.
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t kDimension = 64;
  using Vector = std::array<float, kDimension>;
  struct Word {
    TermId term = 0;
    float rarity = 0;
    Vector vector{};
  };
  struct SampledWord;

  std::vector<std::uint32_t> take_sample(const LexicalIndex& index) const;
  void learn_what_changed(const LexicalIndex& index);
  void learn(std::vector<SampledWord> sampled, std::size_t documents);
  void add_documents(const LexicalIndex& index);

  std::vector<std::uint64_t> fingerprints_;  // by document
  std::vector<std::uint64_t> learned_from_;  // fingerprints, ascending
  std::vector<Word> words_;                  // ascending by term
  VectorMatrix documents_;
};

}  // namespace codehelper
