#include "vector_matrix.hpp"

#include <cstring>

namespace codehelper {
namespace {

/// A plain loop, so that the compiler can use the machine's wide registers.
std::int32_t dot(const std::int8_t* left, const std::int8_t* right, std::size_t size) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += std::int32_t{left[i]} * std::int32_t{right[i]};
  return sum;
}

}  // namespace

bool VectorMatrix::add(std::string_view bytes) {
  if (bytes.size() < sizeof(float)) return false;
  const std::size_t dimension = bytes.size() - sizeof(float);
  if (scales_.empty()) dimension_ = dimension;
  if (dimension != dimension_) return false;
  float scale = 0;
  std::memcpy(&scale, bytes.data(), sizeof(float));
  scales_.push_back(scale);
  const std::size_t before = values_.size();
  values_.resize(before + dimension);
  if (dimension != 0) std::memcpy(values_.data() + before, bytes.data() + sizeof(float), dimension);
  return true;
}

std::vector<float> VectorMatrix::multiply(const Embedding& query) const {
  std::vector<float> products;
  if (query.empty() || query.size() != dimension_) return products;
  const QuantizedVector quantized = quantize(query);
  products.reserve(scales_.size());
  for (std::size_t row = 0; row < scales_.size(); ++row) {
    const std::int32_t sum = dot(values_.data() + row * dimension_, quantized.values.data(), dimension_);
    products.push_back(static_cast<float>(sum) * scales_[row] * quantized.scale);
  }
  return products;
}

}  // namespace codehelper
