#include "vector_matrix.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>

namespace codehelper {
namespace {

constexpr std::size_t kBlock = 32;  // bytes; rows are multiples of it

/// The query in a byte a value, arranged as the rows are: what meets their lower half bytes, then what meets the upper.
struct ArrangedQuery {
  ArrangedQuery(const Embedding& query, std::size_t row_bytes) : low(row_bytes), high(row_bytes) {
    constexpr float kLargest = 127;
    float largest = 0;
    for (const float value : query) largest = std::max(largest, std::abs(value));
    scale = largest / kLargest;
    if (scale == 0) return;
    const std::size_t half = (query.size() + 1) / 2;
    for (std::size_t i = 0; i < query.size(); ++i) {
      (i < half ? low[i] : high[i - half]) = static_cast<std::int8_t>(std::lround(query[i] / scale));
    }
    offset = kHalfByteZero * (std::reduce(low.begin(), low.end(), 0) + std::reduce(high.begin(), high.end(), 0));
  }

  float scale = 0;
  int offset = 0;  // what kHalfByteZero in every half byte of a row adds to a sum
  std::vector<std::int8_t> low;
  std::vector<std::int8_t> high;
};

void multiply_rows(const std::uint8_t* row, std::size_t row_bytes, const ArrangedQuery& query, std::span<int> sums) {
  for (int& sum : sums) {
    sum = -query.offset;
    for (std::size_t i = 0; i < row_bytes; ++i) sum += (row[i] & 0xF) * query.low[i] + (row[i] >> 4) * query.high[i];
    row += row_bytes;
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) inline __m256i load_block(const void* bytes) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}

/// Eight numbers whose sum is the product: products of a half byte and a byte, two by two, stay below 16 bits for four
/// blocks.
__attribute__((target("avx2"))) inline __m256i multiply_row(const std::uint8_t* row, std::size_t row_bytes,
                                                            const ArrangedQuery& query) {
  constexpr std::size_t kBlocksOf16Bits = 4;
  const __m256i lower = _mm256_set1_epi8(0xF);
  __m256i total = _mm256_setzero_si256();
  for (std::size_t begin = 0; begin < row_bytes; begin += kBlocksOf16Bits * kBlock) {
    __m256i part = _mm256_setzero_si256();
    for (std::size_t i = begin; i < std::min(row_bytes, begin + kBlocksOf16Bits * kBlock); i += kBlock) {
      const __m256i bytes = load_block(row + i);
      const __m256i low = _mm256_and_si256(bytes, lower);
      const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), lower);
      part = _mm256_add_epi16(part, _mm256_maddubs_epi16(low, load_block(query.low.data() + i)));
      part = _mm256_add_epi16(part, _mm256_maddubs_epi16(high, load_block(query.high.data() + i)));
    }
    total = _mm256_add_epi32(total, _mm256_madd_epi16(part, _mm256_set1_epi16(1)));
  }
  return total;
}

/// The same with 32 bytes and four rows at once, thrice as fast as what the compiler makes of the loop above.
__attribute__((target("avx2"))) void multiply_rows_avx2(const std::uint8_t* row, std::size_t row_bytes,
                                                        const ArrangedQuery& query, std::span<int> sums) {
  const auto whole = sums.first(sums.size() / 4 * 4);
  for (std::size_t i = 0; i < whole.size(); i += 4, row += 4 * row_bytes) {
    const __m256i first =
        _mm256_hadd_epi32(multiply_row(row, row_bytes, query), multiply_row(row + row_bytes, row_bytes, query));
    const __m256i second = _mm256_hadd_epi32(multiply_row(row + 2 * row_bytes, row_bytes, query),
                                             multiply_row(row + 3 * row_bytes, row_bytes, query));
    const __m256i four = _mm256_hadd_epi32(first, second);
    const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&whole[i]), _mm_sub_epi32(sum, _mm_set1_epi32(query.offset)));
  }
  multiply_rows(row, row_bytes, query, sums.subspan(whole.size()));
}
#endif

}  // namespace

bool VectorMatrix::add(std::string_view bytes) {
  if (bytes.size() < sizeof(float)) return false;
  float scale = 0;
  std::memcpy(&scale, bytes.data(), sizeof(float));
  if (!std::isfinite(scale)) return false;
  bytes.remove_prefix(sizeof(float));
  const bool is_odd = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) >> 4U) == 0;
  const std::size_t dimension = 2 * bytes.size() - (is_odd ? 1 : 0);
  if (scales_.empty()) {
    dimension_ = dimension;
    row_bytes_ = (bytes.size() + kBlock - 1) / kBlock * kBlock;
  }
  if (dimension != dimension_) return false;
  scales_.push_back(scale);
  rows_.resize(scales_.size() * row_bytes_);
  std::ranges::copy(bytes, rows_.end() - static_cast<std::ptrdiff_t>(row_bytes_));
  return true;
}

std::vector<float> VectorMatrix::multiply(const Embedding& query) const {
  std::vector<float> products;
  if (query.empty() || query.size() != dimension_) return products;
  const ArrangedQuery arranged(query, row_bytes_);
  std::vector<int> sums(scales_.size());
#if defined(__x86_64__)
  (__builtin_cpu_supports("avx2") ? multiply_rows_avx2 : multiply_rows)(rows_.data(), row_bytes_, arranged, sums);
#else
  multiply_rows(rows_.data(), row_bytes_, arranged, sums);
#endif
  products.resize(sums.size());
  for (std::size_t row = 0; row < sums.size(); ++row) {
    products[row] = static_cast<float>(sums[row]) * scales_[row] * arranged.scale;
  }
  return products;
}

}  // namespace codehelper
