// All vectors of an index in one block of bytes, for an exact scan: up to a million rows this beats a graph, and needs
// no building and no tuning (shared/performance.md section 3).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "term_vector.hpp"

namespace codehelper {

class VectorMatrix {
 public:
  /// `bytes` as encode_vector() makes them. The first row decides the dimension; false when a later one differs, and
  /// for values that are no numbers.
  bool add(std::string_view bytes);

  /// Dot product with every row (cosine, since the vectors have unit length); empty when the dimension differs.
  std::vector<float> multiply(const Embedding& query) const;

  std::size_t rows() const { return scales_.size(); }
  std::size_t memory_bytes() const { return rows_.capacity() + scales_.capacity() * sizeof(float); }

 private:
  std::size_t dimension_ = 0;
  std::size_t row_bytes_ = 0;  // rounded up with zeros
  std::vector<float> scales_;
  std::vector<std::uint8_t> rows_;
};

}  // namespace codehelper
