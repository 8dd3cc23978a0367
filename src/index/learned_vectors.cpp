#include "learned_vectors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace codehelper {
namespace {

// Set on the sets of rank_fusion.cpp and 427 docstrings as questions. MRR@10 differs by less than 0.3 points for 1,000
// to 119,000 documents, for 64 to 128 dimensions and for two or three rounds; 256 dimensions or words of fewer
// documents cost up to 0.5.
constexpr std::size_t kLargestSample = 4096;  // beyond, every second document is left out, of these again, and so on
constexpr std::size_t kLeastDocuments = 4;    // of the sample, that a word is in
constexpr double kLargestShare = 0.25;        // of the sample
constexpr int kRounds = 2;
constexpr std::size_t kDocumentsAtOnce = 8192;  // whose vectors are held unpacked
constexpr std::uint32_t kNotSampled = std::numeric_limits<std::uint32_t>::max();

template <std::size_t N>
void add_scaled(std::array<float, N>& sum, float factor, const std::array<float, N>& vector) {
  for (std::size_t i = 0; i < N; ++i) sum[i] += factor * vector[i];
}

template <std::size_t N>
void normalize(std::array<float, N>& vector) {
  float square = 0;
  for (const float value : vector) square += value * value;
  if (square == 0) return;
  const float factor = 1 / std::sqrt(square);
  for (float& value : vector) value *= factor;
}

/// So many random signs, the same for a term everywhere.
template <std::size_t N>
std::array<float, N> random_signs(TermId term) {
  static_assert(N <= 64);
  std::uint64_t bits = (std::uint64_t{term} + 1) * 0x9E3779B97F4A7C15U;  // SplitMix64 (Steele et al., OOPSLA 2014)
  bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
  bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
  bits ^= bits >> 31U;
  std::array<float, N> signs{};
  for (std::size_t i = 0; i < N; ++i) signs[i] = ((bits >> i) & 1U) == 0 ? 1.0F : -1.0F;
  return signs;
}

template <std::size_t N>
using SquareMatrix = std::array<std::array<double, N>, N>;

/// The upper factor of the columns' products with each other. A column that the ones before it make up gets zeros.
template <std::size_t N>
SquareMatrix<N> cholesky_factor(const std::vector<std::array<float, N>>& rows) {
  constexpr double kDependent = 1e-9;
  SquareMatrix<N> products{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < N; ++i) {
      for (std::size_t j = i; j < N; ++j) products[i][j] += static_cast<double>(row[i]) * row[j];
    }
  }
  SquareMatrix<N> factor = products;
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      for (std::size_t j = i; j < N; ++j) factor[i][j] -= factor[k][i] * factor[k][j];
    }
    const bool is_dependent = factor[i][i] <= kDependent * products[i][i];
    const double scale = is_dependent ? 0 : 1 / std::sqrt(factor[i][i]);
    for (std::size_t j = i; j < N; ++j) factor[i][j] *= scale;
  }
  return factor;
}

/// Makes the columns orthonormal (Cholesky QR: Yamamoto et al., ETNA 2015), as far as a subspace needs it.
template <std::size_t N>
void orthonormalize(std::vector<std::array<float, N>>& rows) {
  const SquareMatrix<N> factor = cholesky_factor(rows);
  for (auto& row : rows) {
    std::array<double, N> left{};
    std::ranges::copy(row, left.begin());
    for (std::size_t i = 0; i < N; ++i) {
      left[i] = factor[i][i] == 0 ? 0 : left[i] / factor[i][i];
      for (std::size_t j = i + 1; j < N; ++j) left[j] -= factor[i][j] * left[i];
    }
    std::ranges::transform(left, row.begin(), [](double value) { return static_cast<float>(value); });
  }
}

float damp(std::uint32_t count) {
  return 1 + std::log(static_cast<float>(count));
}

}  // namespace

struct LearnedVectors::SampledWord {
  struct Use {
    std::uint32_t document = 0;  // its place in the sample
    float weight = 0;
  };
  TermId term = 0;
  std::vector<Use> uses;  // ascending
};

void LearnedVectors::add(std::span<const TermCount> terms) {
  std::uint64_t hash = 0xCBF29CE484222325U;  // 64-bit FNV-1a, a number at a time
  for (const TermCount& term : terms) {
    hash = (hash ^ term.term) * 0x100000001B3U;
    hash = (hash ^ term.count) * 0x100000001B3U;
  }
  fingerprints_.push_back(hash);
}

/// Documents, ascending by fingerprint.
std::vector<std::uint32_t> LearnedVectors::take_sample(const LexicalIndex& index) const {
  unsigned halvings = 0;
  while ((index.live_documents() >> halvings) > kLargestSample) ++halvings;
  const std::uint64_t mask = (std::uint64_t{1} << halvings) - 1;
  std::vector<std::uint32_t> sample;
  for (std::uint32_t document = 0; document < fingerprints_.size(); ++document) {
    if (index.is_live(document) && ((fingerprints_[document] >> 32U) & mask) == 0) sample.push_back(document);
  }
  std::ranges::sort(sample, {}, [this](std::uint32_t document) { return fingerprints_[document]; });
  return sample;
}

void LearnedVectors::follow(const LexicalIndex& index, Learning learning) {
  if (learning == Learning::now || learned_from_.empty()) learn_what_changed(index);
  add_documents(index);
}

void LearnedVectors::learn_what_changed(const LexicalIndex& index) {
  const std::vector<std::uint32_t> sample = take_sample(index);
  std::vector<std::uint64_t> fingerprints;
  fingerprints.reserve(sample.size());
  for (const std::uint32_t document : sample) fingerprints.push_back(fingerprints_[document]);
  if (fingerprints == learned_from_) return;
  learned_from_.clear();
  std::vector<std::uint32_t> places(fingerprints_.size(), kNotSampled);
  for (std::uint32_t place = 0; place < sample.size(); ++place) places[sample[place]] = place;
  std::vector<SampledWord> words;
  index.visit_postings([&](TermId term, std::span<const Posting> postings) {
    SampledWord word{term, {}};
    for (const Posting& posting : postings) {
      const std::uint32_t place = places[posting.document];
      if (place != kNotSampled) word.uses.push_back({place, damp(posting.count)});
    }
    const auto most = kLargestShare * static_cast<double>(sample.size());
    if (word.uses.size() < kLeastDocuments || static_cast<double>(word.uses.size()) > most) return;
    std::ranges::sort(word.uses, {}, &SampledWord::Use::document);
    words.push_back(std::move(word));
  });
  learn(std::move(words), sample.size());
  learned_from_ = std::move(fingerprints);
  documents_ = {};
}

void LearnedVectors::learn(std::vector<SampledWord> sampled, std::size_t documents) {
  std::ranges::sort(sampled, {}, &SampledWord::term);
  words_.clear();
  std::vector<Vector> of_words;
  std::vector<float> squares(documents);
  for (SampledWord& word : sampled) {
    const float share = static_cast<float>(documents) / static_cast<float>(word.uses.size());
    words_.push_back({word.term, std::sqrt(std::log(share)), {}});
    of_words.push_back(random_signs<kDimension>(word.term));
    for (SampledWord::Use& use : word.uses) {
      use.weight *= words_.back().rarity;
      squares[use.document] += use.weight * use.weight;
    }
  }
  for (SampledWord& word : sampled) {
    for (SampledWord::Use& use : word.uses) use.weight /= std::sqrt(squares[use.document]);
  }
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Vector> of_documents(documents);
    for (std::size_t i = 0; i < sampled.size(); ++i) {
      for (const auto& use : sampled[i].uses) add_scaled(of_documents[use.document], use.weight, of_words[i]);
    }
    for (std::size_t i = 0; i < sampled.size(); ++i) {
      of_words[i] = {};
      for (const auto& use : sampled[i].uses) add_scaled(of_words[i], use.weight, of_documents[use.document]);
    }
    orthonormalize(of_words);
  }
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i].vector = of_words[i];
}

/// Those that have no vector yet.
void LearnedVectors::add_documents(const LexicalIndex& index) {
  auto begin = static_cast<std::uint32_t>(documents_.rows());
  if (begin == fingerprints_.size()) return;
  struct Unread {
    const Word& word;
    std::span<const Posting> postings;
  };
  std::vector<Unread> unread;
  unread.reserve(words_.size());
  for (const Word& word : words_) {
    const std::span<const Posting> postings = index.postings_of(word.term);
    const auto first = std::ranges::lower_bound(postings, begin, {}, &Posting::document);
    unread.push_back({word, {first, postings.end()}});
  }
  while (begin < fingerprints_.size()) {
    const auto end = static_cast<std::uint32_t>(std::min(begin + kDocumentsAtOnce, fingerprints_.size()));
    std::vector<Vector> vectors(end - begin);
    for (auto& [word, postings] : unread) {
      while (!postings.empty() && postings.front().document < end) {
        const Posting& posting = postings.front();
        add_scaled(vectors[posting.document - begin], word.rarity * damp(posting.count), word.vector);
        postings = postings.subspan(1);
      }
    }
    for (Vector& vector : vectors) {
      normalize(vector);
      documents_.add(encode_vector(Embedding(vector.begin(), vector.end())));
    }
    begin = end;
  }
}

std::vector<float> LearnedVectors::multiply(std::span<const WeightedTerm> terms) const {
  Vector question{};
  for (const WeightedTerm& term : terms) {
    const auto word = std::ranges::lower_bound(words_, term.term, {}, &Word::term);
    if (word != words_.end() && word->term == term.term) {
      add_scaled(question, static_cast<float>(term.weight), word->vector);
    }
  }
  normalize(question);
  if (question == Vector{}) return {};
  return documents_.multiply(Embedding(question.begin(), question.end()));
}

std::size_t LearnedVectors::memory_bytes() const {
  return documents_.memory_bytes() + words_.capacity() * sizeof(Word) +
         (fingerprints_.capacity() + learned_from_.capacity()) * sizeof(std::uint64_t);
}

}  // namespace codehelper
