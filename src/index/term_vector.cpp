#include "term_vector.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

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

/// Counts up to this share the number of their term's difference: most are 1, and a byte each is a fifth of all.
constexpr std::uint32_t kInlineCount = 4;

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

std::vector<TermCount> count_words(std::string_view text) {
  std::vector<TermCount> terms;
  add_words(terms, text, 1);
  merge_equal_terms(terms);
  return terms;
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
    const std::uint32_t inline_count = std::min(term.count, kInlineCount);
    append_varint(bytes, std::uint64_t{term.term - before} * kInlineCount + inline_count - 1);
    if (inline_count == kInlineCount) append_varint(bytes, term.count - kInlineCount);
    before = term.term;
  }
  return bytes;
}

bool decode_terms(std::string_view bytes, std::vector<TermCount>& terms) {
  terms.clear();
  TermId before = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t number = 0;
    std::uint64_t more = 0;
    if (!read_varint(bytes, at, number)) return false;
    const auto inline_count = static_cast<std::uint32_t>(number % kInlineCount) + 1;
    if (inline_count == kInlineCount && !read_varint(bytes, at, more)) return false;
    before += static_cast<TermId>(number / kInlineCount);
    terms.push_back({before, inline_count + static_cast<std::uint32_t>(more)});
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

Embedding decode_vector(std::string_view bytes) {
  float scale = 0;
  if (bytes.size() < sizeof(scale)) return {};
  std::memcpy(&scale, bytes.data(), sizeof(scale));
  if (!std::isfinite(scale)) return {};
  Embedding embedding;
  embedding.reserve(bytes.size() - sizeof(scale));
  for (const char value : bytes.substr(sizeof(scale))) {
    embedding.push_back(scale * static_cast<float>(static_cast<std::int8_t>(value)));
  }
  return embedding;
}

}  // namespace codehelper
