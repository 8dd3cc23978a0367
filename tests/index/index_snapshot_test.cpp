#include "../../src/index/index_snapshot.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>

using namespace codehelper;

namespace {

/// Ten chunks a file, all with one word; each has one of seven directions, so that many scores are equal.
struct ManyChunks {
  explicit ManyChunks(int count = 1000) {
    const std::vector<TermCount> terms{{term_id("word"), 1}};
    std::mt19937 random(1);
    std::uint32_t file = 0;
    for (int i = 0; i < count; ++i) {
      if (i % 10 == 0) file = snapshot.add_file("file" + std::to_string(i / 10));
      snapshot.add(i, file, 1 + i % 10 * 5, terms);
      Embedding vector(8);
      vector[random() % 7] = 1;
      vector[7] = 1;
      snapshot.add_vector(encode_vector(vector));
      vectors.push_back(vector);
    }
    query.embedding = {0.7F, 0.6F, 0.5F, 0.4F, 0.3F, -0.9F, 0.2F, 0.1F};
  }

  /// Ids of the live chunks with a positive score, best first, equals by path and line.
  std::vector<std::int64_t> sorted_ids() const {
    std::vector<std::pair<double, std::int64_t>> scored;
    for (const auto& chunk : snapshot.chunks()) {
      double score = 0;
      for (std::size_t i = 0; i < 8; ++i) score += vectors[static_cast<std::size_t>(chunk.id)][i] * query.embedding[i];
      if (chunk.is_live && score > 0) scored.emplace_back(score, chunk.id);
    }
    std::ranges::sort(scored, [](const auto& left, const auto& right) {
      if (std::abs(left.first - right.first) > 0.001) return left.first > right.first;
      const auto path = [](std::int64_t id) { return "file" + std::to_string(id / 10); };
      return std::pair(path(left.second), left.second) < std::pair(path(right.second), right.second);
    });
    std::vector<std::int64_t> ids;
    for (const auto& entry : scored) ids.push_back(entry.second);
    return ids;
  }

  /// By path and line.
  std::vector<std::int64_t> first_ids(std::size_t limit) const {
    std::vector<std::int64_t> ids;
    for (const auto& chunk : snapshot.chunks()) ids.push_back(chunk.id);
    const auto path = [](std::int64_t id) { return "file" + std::to_string(id / 10); };
    std::ranges::sort(ids, {}, [&](std::int64_t id) { return std::pair(path(id), id); });
    ids.resize(limit);
    return ids;
  }

  IndexSnapshot snapshot;
  std::vector<Embedding> vectors;
  ChunkQuery query;
};

std::vector<std::int64_t> ids_of(const std::vector<IndexSnapshot::RankedChunk>& chunks) {
  std::vector<std::int64_t> ids;
  for (const auto& chunk : chunks) ids.push_back(chunk.id);
  return ids;
}

}  // namespace

TEST_CASE("index snapshot: the best by vector are those of a full sort, whatever the limit") {
  ManyChunks many;
  many.query.semantic_limit = GENERATE(as<std::size_t>(), 1, 10, 63, 64, 65, 200, 700, 2000);
  std::vector<std::int64_t> wanted = many.sorted_ids();
  wanted.resize(std::min(many.query.semantic_limit, wanted.size()));

  CHECK(ids_of(many.snapshot.rank(many.query).semantic) == wanted);
}

TEST_CASE("index snapshot: the legs of a large index, which two threads rank, are those of a small one") {
  ManyChunks many(21'000);
  many.query.terms = {{"word", 1}};
  many.query.limit = 100;
  many.query.semantic_limit = 100;
  many.query.learned_limit = 100;
  std::vector<std::int64_t> wanted = many.sorted_ids();
  wanted.resize(100);

  const IndexSnapshot::Ranking ranking = many.snapshot.rank(many.query);

  CHECK(ids_of(ranking.semantic) == wanted);
  CHECK(ids_of(ranking.lexical) == many.first_ids(100));
  CHECK(ranking.files.size() == 100);
  CHECK(ranking.rarities.size() == 1);
}

TEST_CASE("index snapshot: removed chunks are not found") {
  ManyChunks many;
  many.query.semantic_limit = 1000;
  for (std::size_t i = 0; i < 1000; i += 3) many.snapshot.remove(i);

  CHECK(ids_of(many.snapshot.rank(many.query).semantic) == many.sorted_ids());
}

TEST_CASE("index snapshot: no limit, nothing found") {
  ManyChunks many;
  many.query.semantic_limit = 0;
  CHECK(many.snapshot.rank(many.query).semantic.empty());
}

TEST_CASE("index snapshot: of removed documents no score is left, and words are as rare as if they never were") {
  LexicalIndex changed;
  LexicalIndex clean;
  const std::vector<TermCount> one{{1, 2}, {7, 1}};
  const std::vector<TermCount> other{{1, 1}, {9, 3}, {12, 1}};
  for (const auto& terms : {one, other, other}) changed.add(changed.live_documents() == 0 ? 0 : 1, terms);
  changed.remove(1);
  clean.add(0, one);
  clean.add(1, other);
  const std::vector<WeightedTerm> asked{{1, 1}, {9, 1}, {7, 1}, {100, 1}};

  const LexicalIndex::Scores got = changed.score(asked, changed.rarities(asked));
  const LexicalIndex::Scores wanted = clean.score(asked, clean.rarities(asked));

  CHECK(got.documents == std::vector<float>{wanted.documents[0], 0, wanted.documents[1]});
  CHECK(got.files == wanted.files);
  CHECK(changed.rarities(asked) == clean.rarities(asked));
}
