// What a chunk is found by, as numbers: hashed words with weighted counts, and the vector in one byte a dimension.
// Both are stored beside the text and loaded whole for searching.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/chunk.hpp"
#include "codehelper/index/embedder.hpp"

namespace codehelper {

/// A word as 32 bits: no dictionary has to be kept, and among 300,000 words seven in 100,000 share a number.
using TermId = std::uint32_t;

struct TermCount {
  TermId term = 0;
  std::uint32_t count = 0;

  bool operator==(const TermCount&) const = default;
};

TermId term_id(std::string_view word);

/// 64-bit FNV-1a with MurmurHash3's finalizer; the same on every machine.
std::uint64_t hash_word(std::string_view word);

/// The words of the text, the names it declares, its scope and its path, weighted (BM25F with integer weights:
/// Robertson et al., "Simple BM25 Extension to Multiple Weighted Fields", CIKM 2004). Ascending by term.
std::vector<TermCount> count_terms(const Chunk& chunk);

/// The words of a text, ascending by term.
std::vector<TermCount> count_words(std::string_view text);

/// Variable-length differences and counts. decode_terms() overwrites `terms`; false when the bytes are damaged.
std::string encode_terms(const std::vector<TermCount>& terms);
bool decode_terms(std::string_view bytes, std::vector<TermCount>& terms);

struct QuantizedVector {
  float scale = 0;  // value = scale * byte; 0 for the zero vector
  std::vector<std::int8_t> values;
};
QuantizedVector quantize(const Embedding& embedding);
std::string encode_vector(const Embedding& embedding);
/// What encode_vector() keeps of a vector; encoded again it gives the same values. Empty when the bytes are damaged.
Embedding decode_vector(std::string_view bytes);

}  // namespace codehelper
