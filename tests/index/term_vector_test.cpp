#include "../../src/index/term_vector.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>
#include <set>

#include "../../src/index/vector_matrix.hpp"

using namespace codehelper;

namespace {

std::vector<TermCount> make_terms(std::size_t size, std::mt19937& random) {
  std::set<TermId> ids;
  while (ids.size() < size) ids.insert(static_cast<TermId>(random()));
  std::vector<TermCount> terms;
  for (const TermId id : ids)
    terms.push_back({id, 1 + (random() % 4 == 0 ? static_cast<std::uint32_t>(random() % 300) : 0)});
  return terms;
}

Embedding make_unit_vector(std::size_t dimension, std::mt19937& random) {
  std::normal_distribution<float> normal;
  Embedding vector(dimension);
  double squares = 0;
  for (float& value : vector) {
    value = normal(random);
    squares += double{value} * double{value};
  }
  for (float& value : vector) value /= static_cast<float>(std::sqrt(squares));
  return vector;
}

double dot_product(const Embedding& one, const Embedding& other) {
  double sum = 0;
  for (std::size_t i = 0; i < one.size(); ++i) sum += double{one[i]} * double{other[i]};
  return sum;
}

}  // namespace

TEST_CASE("terms: come back as they were, in few bytes") {
  std::mt19937 random(1);
  const auto size = GENERATE(as<std::size_t>(), 0, 1, 2, 3, 100, 5000);
  const std::vector<TermCount> terms = make_terms(size, random);

  const std::string bytes = encode_terms(terms);
  std::vector<TermCount> decoded{{7, 7}};

  REQUIRE(decode_terms(bytes, decoded));
  CHECK(decoded == terms);
  CHECK(bytes.size() <= 6 * size);
  if (size == 100) CHECK(bytes.size() < 420);
}

TEST_CASE("terms: the ends of what a number can hold come back") {
  constexpr std::uint32_t kMost = 0xFFFFFFFFU;
  const auto terms = GENERATE(std::vector<TermCount>{{0, 1}}, std::vector<TermCount>{{kMost, kMost}},
                              std::vector<TermCount>{{0, kMost}, {1, 1}, {kMost, 2}},
                              std::vector<TermCount>{{5, 1}, {6, 1}, {7, 1}, {8, 1}});
  std::vector<TermCount> decoded;
  REQUIRE(decode_terms(encode_terms(terms), decoded));
  CHECK(decoded == terms);
}

TEST_CASE("terms: bytes that end early or late are damaged") {
  std::mt19937 random(2);
  const std::string bytes = encode_terms(make_terms(50, random));
  std::vector<TermCount> decoded;
  for (std::size_t size = 1; size < bytes.size(); ++size) CHECK_FALSE(decode_terms(bytes.substr(0, size), decoded));
  CHECK_FALSE(decode_terms(bytes + "x", decoded));
}

TEST_CASE("vectors: half a byte a value keeps the direction, and encoded again it is the same") {
  std::mt19937 random(3);
  const auto dimension = GENERATE(as<std::size_t>(), 1, 2, 7, 256, 385, 768);
  const Embedding vector = make_unit_vector(dimension, random);

  const std::string bytes = encode_vector(vector);
  const Embedding decoded = decode_vector(bytes);

  REQUIRE(decoded.size() == dimension);
  CHECK(bytes.size() == sizeof(float) + (dimension + 1) / 2);
  CHECK(dot_product(vector, decoded) / std::sqrt(dot_product(decoded, decoded)) > 0.98);
  CHECK(encode_vector(decoded) == bytes);
}

TEST_CASE("vectors: zeros stay zeros") {
  CHECK(decode_vector(encode_vector(Embedding(6))) == Embedding(6));
  CHECK(decode_vector(encode_vector({})).empty());
  CHECK(decode_vector("abc").empty());
}

TEST_CASE("vectors: a scan gives the products with what was kept") {
  std::mt19937 random(4);
  const auto dimension = GENERATE(as<std::size_t>(), 1, 3, 64, 256, 300, 769);
  VectorMatrix matrix;
  std::vector<Embedding> kept;
  for (int i = 0; i < 50; ++i) {
    const std::string bytes = encode_vector(make_unit_vector(dimension, random));
    REQUIRE(matrix.add(bytes));
    kept.push_back(decode_vector(bytes));
  }
  const Embedding query = make_unit_vector(dimension, random);

  const std::vector<float> products = matrix.multiply(query);

  REQUIRE(products.size() == kept.size());
  // The query is rounded to a byte a value: by at most half of a 127th of its largest.
  for (std::size_t i = 0; i < kept.size(); ++i) CHECK(products[i] == Approx(dot_product(query, kept[i])).margin(0.02));
  CHECK(matrix.multiply(make_unit_vector(dimension + 1, random)).empty());
}

TEST_CASE("vectors: extreme values don't overflow the scan") {
  constexpr std::size_t kDimension = 4096;
  VectorMatrix matrix;
  REQUIRE(matrix.add(encode_vector(Embedding(kDimension, 1.0F))));
  REQUIRE(matrix.add(encode_vector(Embedding(kDimension, -1.0F))));

  const std::vector<float> products = matrix.multiply(Embedding(kDimension, 1.0F));

  CHECK(products[0] == Approx(kDimension));
  CHECK(products[1] == Approx(-static_cast<double>(kDimension)));
}

TEST_CASE("vectors: a row of another dimension, or that is damaged, is refused") {
  VectorMatrix matrix;
  REQUIRE(matrix.add(encode_vector(Embedding(5, 1.0F))));
  CHECK_FALSE(matrix.add(encode_vector(Embedding(6, 1.0F))));
  CHECK_FALSE(matrix.add("abc"));
  CHECK(matrix.multiply(Embedding(5, 1.0F)).size() == 1);
}
