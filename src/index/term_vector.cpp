#include "term_vector.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "codehelper/index/text_analysis.hpp"

namespace codehelper {
namespace {

// Field weights of shared/retrieval.md section 7: a name that is declared here counts three words more, path 1,
// base name 2.
constexpr std::uint32_t kBodyWeight = 1;
constexpr std::uint32_t kDefinitionWeight = 3;
constexpr std::uint32_t kScopeWeight = 1;
constexpr std::uint32_t kPathWeight = 1;
constexpr std::uint32_t kFileNameWeight = 1;  // on top of the path's

void add_words(std::vector<TermCount>& terms, std::string_view text, std::uint32_t weight) {
  for (const std::string& word : analyze_text(text)) terms.push_back({term_id(word), weight});
}

void merge_equal_terms(std::vector<TermCount>& terms) {
  std::ranges::sort(terms, {}, &TermCount::term);
  std::size_t kept = 0;
  for (const TermCount& term : terms) {
    if (kept > 0 && terms[kept - 1].term == term.term) {
      terms[kept - 1].count += term.count;
    } else {
      terms[kept++] = term;
    }
  }
  terms.resize(kept);
}

void append_varint(std::string& bytes, std::uint32_t value) {
  while (value >= 0x80) {
    bytes += static_cast<char>(value | 0x80U);
    value >>= 7U;
  }
  bytes += static_cast<char>(value);
}

bool read_varint(std::string_view bytes, std::size_t& at, std::uint32_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 35 && at < bytes.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    value |= static_cast<std::uint32_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

std::uint64_t hash_word(std::string_view word) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  hash = (hash ^ (hash >> 33U)) * 0xFF51AFD7ED558CCDU;
  hash = (hash ^ (hash >> 33U)) * 0xC4CEB9FE1A85EC53U;
  return hash ^ (hash >> 33U);
}

TermId term_id(std::string_view word) {
  return static_cast<TermId>(hash_word(word));
}

std::vector<TermCount> count_terms(const Chunk& chunk) {
  std::vector<TermCount> terms;
  add_words(terms, chunk.text, kBodyWeight);
  add_words(terms, chunk.symbol, kScopeWeight);
  for (const std::string& name : chunk.definitions) {
    add_words(terms, name, kDefinitionWeight);
    terms.push_back({term_id(definition_term(name)), 1});
  }
  add_words(terms, chunk.path, kPathWeight);
  const std::string_view path = chunk.path;
  const std::string_view file_name = path.substr(path.rfind('/') + 1);
  add_words(terms, file_name, kFileNameWeight);
  terms.push_back({term_id(file_name_term(file_name)), 1});
  merge_equal_terms(terms);
  return terms;
}

std::string encode_terms(const std::vector<TermCount>& terms) {
  std::string bytes;
  bytes.reserve(terms.size() * 5);
  TermId before = 0;
  for (const TermCount& term : terms) {
    append_varint(bytes, term.term - before);
    append_varint(bytes, term.count);
    before = term.term;
  }
  return bytes;
}

bool decode_terms(std::string_view bytes, std::vector<TermCount>& terms) {
  terms.clear();
  TermId before = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    TermCount term;
    if (!read_varint(bytes, at, term.term) || !read_varint(bytes, at, term.count)) return false;
    term.term += before;
    before = term.term;
    terms.push_back(term);
  }
  return true;
}

QuantizedVector quantize(const Embedding& embedding) {
  QuantizedVector vector;
  vector.values.resize(embedding.size());
  float largest = 0;
  for (const float value : embedding) largest = std::max(largest, std::abs(value));
  if (largest == 0) return vector;
  vector.scale = largest / 127;
  for (std::size_t i = 0; i < embedding.size(); ++i) {
    vector.values[i] = static_cast<std::int8_t>(std::lround(embedding[i] / vector.scale));
  }
  return vector;
}

std::string encode_vector(const Embedding& embedding) {
  const QuantizedVector vector = quantize(embedding);
  std::string bytes(sizeof(float) + vector.values.size(), '\0');
  std::memcpy(bytes.data(), &vector.scale, sizeof(float));
  if (!vector.values.empty()) std::memcpy(bytes.data() + sizeof(float), vector.values.data(), vector.values.size());
  return bytes;
}

}  // namespace codehelper
