#include "term_vector.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "codehelper/index/text_analysis.hpp"
#include "varint.hpp"

namespace codehelper {
namespace {

// Field weights of shared/retrieval.md section 7: a name that is declared here counts three words more, path 1,
// base name 2.
constexpr std::uint32_t kBodyWeight = 1;
constexpr std::uint32_t kDefinitionWeight = 3;
constexpr std::uint32_t kScopeWeight = 1;
constexpr std::uint32_t kPathWeight = 1;
constexpr std::uint32_t kFileNameWeight = 1;  // on top of the path's

/// Adds words, each as its hash's lower half, which is the term, above its weight.
class TermCounter {
 public:
  explicit TermCounter(WordHasher& hasher) : hasher_(hasher) {}

  void add_words(std::string_view text, std::uint32_t weight) {
    for (const std::uint64_t hash : hasher_.hash_words(text)) add(static_cast<TermId>(hash), weight);
  }
  void add(TermId term, std::uint32_t weight) { weighted_.push_back(std::uint64_t{term} << 32U | weight); }

  std::vector<TermCount> finish() && {
    sort_hashes(weighted_);
    std::vector<TermCount> terms;
    for (const std::uint64_t weighted : weighted_) {
      const auto term = static_cast<TermId>(weighted >> 32U);
      if (terms.empty() || terms.back().term != term) terms.push_back({term, 0});
      terms.back().count += static_cast<std::uint32_t>(weighted);
    }
    return terms;
  }

 private:
  WordHasher& hasher_;
  std::vector<std::uint64_t> weighted_;
};

class BitWriter {
 public:
  explicit BitWriter(std::string bytes) : bytes_(std::move(bytes)) {}

  std::string finish() && {
    if (held_ > 0) bytes_.push_back(static_cast<char>(bits_));
    return std::move(bytes_);
  }

  /// `width` up to 32; `value` has no bit above it.
  void add(std::uint64_t value, unsigned width) {
    bits_ |= value << held_;
    for (held_ += width; held_ >= 8; held_ -= 8, bits_ >>= 8U) bytes_.push_back(static_cast<char>(bits_));
  }
  void add_zeros_and_one(std::uint64_t zeros) {
    for (; zeros >= 32; zeros -= 32) add(0, 32);
    add(std::uint64_t{1} << zeros, static_cast<unsigned>(zeros) + 1);
  }

 private:
  std::string bytes_;
  std::uint64_t bits_ = 0;
  unsigned held_ = 0;  // under 8 between two calls
};

/// Beyond the end there are ones.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  /// Bits; negative while some are left.
  std::int64_t taken_beyond_end() const {
    return 8 * (static_cast<std::int64_t>(at_) - static_cast<std::int64_t>(bytes_.size())) - held_;
  }
  std::uint64_t take(unsigned width) {
    fill();
    const std::uint64_t value = bits_ & ((std::uint64_t{1} << width) - 1);
    drop(width);
    return value;
  }
  std::uint64_t take_zeros_and_one() {
    std::uint64_t zeros = 0;
    for (fill(); bits_ == 0; fill()) {
      zeros += held_;
      held_ = 0;
    }
    const auto last = static_cast<unsigned>(std::countr_zero(bits_));
    drop(last + 1);
    return zeros + last;
  }

 private:
  void fill() {
    for (; held_ <= 56; held_ += 8, ++at_) {
      const auto byte = at_ < bytes_.size() ? static_cast<unsigned char>(bytes_[at_]) : 0xFFU;
      bits_ |= std::uint64_t{byte} << held_;
    }
  }
  void drop(unsigned width) {
    bits_ = width < 64 ? bits_ >> width : 0;
    held_ -= width;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint64_t bits_ = 0;
  unsigned held_ = 0;
};

/// How many bits of a difference are written as they are, when so many terms are spread over 32 bits.
unsigned rice_width(std::uint64_t terms) {
  return static_cast<unsigned>(std::bit_width((std::uint64_t{1} << 32U) / terms)) - 1;
}

}  // namespace

TermId term_id(std::string_view word) {
  return static_cast<TermId>(hash_word(word));
}

std::vector<TermCount> count_words(std::string_view text, WordHasher& hasher) {
  TermCounter terms(hasher);
  terms.add_words(text, 1);
  return std::move(terms).finish();
}

std::vector<TermCount> count_terms(const Chunk& chunk, WordHasher& hasher) {
  TermCounter terms(hasher);
  terms.add_words(chunk.text, kBodyWeight);
  terms.add_words(chunk.symbol, kScopeWeight);
  for (const std::string& name : chunk.definitions) {
    terms.add_words(name, kDefinitionWeight);
    terms.add(term_id(definition_term(name)), 1);
  }
  terms.add_words(chunk.path, kPathWeight);
  const std::string_view path = chunk.path;
  const std::string_view file_name = path.substr(path.rfind('/') + 1);
  terms.add_words(file_name, kFileNameWeight);
  terms.add(term_id(file_name_term(file_name)), 1);
  return std::move(terms).finish();
}

std::string encode_terms(const std::vector<TermCount>& terms) {
  std::string bytes;
  if (terms.empty()) return bytes;
  bytes.reserve(terms.size() * 4);
  append_varint(bytes, terms.size());
  const unsigned width = rice_width(terms.size());
  BitWriter bits(std::move(bytes));
  TermId before = 0;
  for (const TermCount& term : terms) {
    const std::uint64_t difference = term.term - before;
    bits.add_zeros_and_one(difference >> width);
    bits.add(difference & ((std::uint64_t{1} << width) - 1), width);
    const auto more = static_cast<unsigned>(std::bit_width(term.count)) - 1;
    bits.add_zeros_and_one(more);
    bits.add(term.count - (std::uint64_t{1} << more), more);
    before = term.term;
  }
  return std::move(bits).finish();
}

bool decode_terms(std::string_view bytes, std::vector<TermCount>& terms) {
  terms.clear();
  if (bytes.empty()) return true;
  std::size_t at = 0;
  std::uint64_t size = 0;
  if (!read_varint(bytes, at, size) || size == 0 || size > bytes.size()) return false;
  const unsigned width = rice_width(size);
  BitReader bits(bytes.substr(at));
  TermId before = 0;
  for (std::uint64_t i = 0; i < size && bits.taken_beyond_end() <= 0; ++i) {
    const std::uint64_t high = bits.take_zeros_and_one();
    before += static_cast<TermId>((high << width) + bits.take(width));
    const std::uint64_t more = bits.take_zeros_and_one();
    if (more >= 32) return false;
    const std::uint64_t count = (std::uint64_t{1} << more) + bits.take(static_cast<unsigned>(more));
    terms.push_back({before, static_cast<std::uint32_t>(count)});
  }
  return terms.size() == size && bits.taken_beyond_end() <= 0 && bits.taken_beyond_end() > -8;
}

std::string encode_vector(const Embedding& embedding) {
  constexpr float kLargest = 7;
  float largest = 0;
  for (const float value : embedding) largest = std::max(largest, std::abs(value));
  const float scale = largest / kLargest;
  const std::size_t half = (embedding.size() + 1) / 2;
  std::string bytes(sizeof scale + half, '\0');
  std::memcpy(bytes.data(), &scale, sizeof scale);
  for (std::size_t i = 0; i < embedding.size(); ++i) {
    const long level = scale == 0 ? 0 : std::lround(embedding[i] / scale);
    const auto half_byte = static_cast<unsigned>(level + kHalfByteZero);
    char& byte = bytes[sizeof scale + i % half];
    byte = static_cast<char>(static_cast<unsigned char>(byte) | (i < half ? half_byte : half_byte << 4U));
  }
  return bytes;
}

Embedding decode_vector(std::string_view bytes) {
  float scale = 0;
  if (bytes.size() < sizeof scale) return {};
  std::memcpy(&scale, bytes.data(), sizeof scale);
  if (!std::isfinite(scale)) return {};
  bytes.remove_prefix(sizeof scale);
  Embedding embedding;
  embedding.reserve(2 * bytes.size());
  for (const unsigned shift : {0U, 4U}) {
    for (const char byte : bytes) {
      const int half_byte = (static_cast<unsigned char>(byte) >> shift) & 0xFU;
      if (half_byte != 0) embedding.push_back(scale * static_cast<float>(half_byte - kHalfByteZero));
    }
  }
  return embedding;
}

}  // namespace codehelper
