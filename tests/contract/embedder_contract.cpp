#include "contract/embedder_contract.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>

#include "support/embedding_double.hpp"

namespace codehelper::test {

std::vector<EmbedderAdapter> embedder_adapters() {
  const auto serve = [](EmbeddingApi api) {
    return [api](EventLoop& loop) { return std::make_unique<ServedEmbedder>(loop, api); };
  };
  return {{"hashing", [](EventLoop& loop) { return make_hashing_embedder(loop); }},
          {"ollama", serve(EmbeddingApi::ollama)},
          {"openai", serve(EmbeddingApi::openai)}};
}

namespace {

double dot(const Embedding& left, const Embedding& right) {
  return std::inner_product(left.begin(), left.end(), right.begin(), 0.0);
}

std::vector<Embedding> embed(EventLoop& loop, Embedder& embedder, std::vector<std::string> texts) {
  auto vectors = run_until_done(loop, embedder.embed({}, TextRole::passage, std::move(texts)));
  REQUIRE(vectors);
  return *vectors;
}

}  // namespace

TEST_CASE("embedder: gives one vector a text, of its dimension and of unit length") {
  const EmbedderAdapter adapter = GENERATE(from_range(embedder_adapters()));
  EventLoop loop;
  auto embedder = adapter.make(loop);

  const auto vectors = embed(loop, *embedder, {"int readLine(File file);", "a second text", "大きさ"});

  const auto dimension = run_until_done(loop, embedder->find_dimension({}));

  REQUIRE(vectors.size() == 3);
  REQUIRE(dimension);
  for (const Embedding& vector : vectors) {
    CHECK(vector.size() == *dimension);
    CHECK(dot(vector, vector) == Approx(1));
  }
}

TEST_CASE("embedder: no text, no vector; a text without a word has the zero vector or a unit one") {
  const EmbedderAdapter adapter = GENERATE(from_range(embedder_adapters()));
  EventLoop loop;
  auto embedder = adapter.make(loop);

  CHECK(embed(loop, *embedder, {}).empty());
  const auto vectors = embed(loop, *embedder, {"", "{}();\n"});

  REQUIRE(vectors.size() == 2);
  for (const Embedding& vector : vectors) {
    const double length = dot(vector, vector);
    CHECK((length == 0 || std::abs(length - 1) < 1e-3));
  }
}

TEST_CASE("embedder: questions have vectors of the same space") {
  const EmbedderAdapter adapter = GENERATE(from_range(embedder_adapters()));
  EventLoop loop;
  auto embedder = adapter.make(loop);

  const auto passages = embed(loop, *embedder, {"class WriteBatch;", "the colour of a border"});
  const auto asked = run_until_done(loop, embedder->embed({}, TextRole::question, {"class WriteBatch"}));

  REQUIRE(asked);
  CHECK(dot(asked->front(), passages[0]) > dot(asked->front(), passages[1]));
  CHECK(embedder->weight() > 0);
}

TEST_CASE("embedder: the same text has the same vector, whatever stands beside it") {
  const EmbedderAdapter adapter = GENERATE(from_range(embedder_adapters()));
  EventLoop loop;
  auto embedder = adapter.make(loop);
  auto again = adapter.make(loop);

  const auto alone = embed(loop, *embedder, {"class WriteBatch;"});
  const auto beside = embed(loop, *again, {"other", "class WriteBatch;"});

  CHECK(alone[0] == beside[1]);
  CHECK(embedder->identity() == again->identity());
  CHECK_FALSE(embedder->identity().empty());
}

TEST_CASE("embedder: a text on the same matter is nearer than one on another") {
  const EmbedderAdapter adapter = GENERATE(from_range(embedder_adapters()));
  EventLoop loop;
  auto embedder = adapter.make(loop);

  const auto vectors = embed(
      loop, *embedder,
      {"parse the request header and check its length", "HeaderParser parses a header of a request: checkLength()",
       "the colour of the window's border is drawn in blue"});

  CHECK(dot(vectors[0], vectors[1]) > dot(vectors[0], vectors[2]) + 0.1);
}

}  // namespace codehelper::test
