#include "../../src/index/learned_vectors.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

using namespace codehelper;
using Catch::Matchers::WithinAbs;

namespace {

using Document = std::vector<std::string>;  // its words

std::vector<TermCount> count(const Document& words) {
  std::vector<TermId> ids;
  for (const std::string& word : words) ids.push_back(term_id(word));
  std::ranges::sort(ids);
  std::vector<TermCount> terms;
  for (const TermId id : ids) {
    if (terms.empty() || terms.back().term != id) terms.push_back({id, 0});
    ++terms.back().count;
  }
  return terms;
}

struct Learned {
  void add(const Document& words) {
    const std::vector<TermCount> terms = count(words);
    index.add(static_cast<std::uint32_t>(documents++), terms);
    vectors.add(terms);
  }
  std::vector<float> scores(const std::string& word) const {
    const std::vector<WeightedTerm> question{{term_id(word), 1}};
    return vectors.multiply(question);
  }

  LexicalIndex index;
  LearnedVectors vectors;
  std::size_t documents = 0;
};

/// Documents about one of `topics` things, for each of which there are eight words; each document has four of them.
std::vector<Document> write_documents(std::size_t count, int topics, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Document> documents;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string topic = "topic" + std::to_string(random() % static_cast<unsigned>(topics));
    Document document{"only" + std::to_string(i)};
    for (int word = 0; word < 4; ++word) document.push_back(topic + "word" + std::to_string(random() % 8));
    documents.push_back(std::move(document));
  }
  return documents;
}

bool is_about(const Document& document, const std::string& topic) {
  return document[1].starts_with(topic + "word");
}

float mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0F) / static_cast<float>(values.size());
}

bool has(const Document& document, const std::string& word) {
  return std::ranges::find(document, word) != document.end();
}

}  // namespace

TEST_CASE("learned vectors: a document is found by a word that it doesn't have but goes with its words") {
  const std::vector<Document> documents = write_documents(2'000, 80, 1);
  Learned learned;
  for (const Document& document : documents) learned.add(document);
  learned.vectors.follow(learned.index);
  const std::vector<float> scores = learned.scores("topic3word5");

  REQUIRE(scores.size() == documents.size());
  std::vector<float> in_other_words;
  std::vector<float> of_others;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (!is_about(documents[i], "topic3")) {
      of_others.push_back(std::abs(scores[i]));
    } else if (!has(documents[i], "topic3word5")) {
      in_other_words.push_back(scores[i]);
    }
  }
  REQUIRE(in_other_words.size() > 5);
  INFO("in other words " << mean(in_other_words) << ", of others " << mean(of_others));
  CHECK(mean(in_other_words) > 0.4F);
  CHECK(mean(of_others) < 0.1F);
}

TEST_CASE("learned vectors: the same documents give the same scores, in whatever order they came and went") {
  // More than the sample holds; some twice.
  const auto size = GENERATE(as<std::size_t>(), 60, 300, 9'000);
  std::vector<Document> documents = write_documents(size, size < 100 ? 5 : 40, 2);
  documents.push_back(documents[7]);
  Learned clean;
  for (const Document& document : documents) clean.add(document);
  clean.vectors.follow(clean.index);

  Learned changed;
  const std::vector<Document> gone = write_documents(size / 3, 50, 3);
  std::vector<std::size_t> order(documents.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::shuffle(order, std::mt19937(4));
  for (const Document& document : gone) changed.add(document);
  changed.vectors.follow(changed.index);
  for (std::size_t i = 0; i < order.size(); ++i) {
    changed.add(documents[order[i]]);
    if (i == order.size() / 2) changed.vectors.follow(changed.index);
  }
  for (std::uint32_t i = 0; i < gone.size(); ++i) changed.index.remove(i);
  changed.vectors.follow(changed.index);

  std::size_t known = 0;
  for (int word = 0; word < 8; ++word) {
    const std::string asked = "topic3word" + std::to_string(word);
    const std::vector<float> wanted = clean.scores(asked);
    const std::vector<float> got = changed.scores(asked);
    REQUIRE(wanted.empty() == got.empty());
    if (wanted.empty()) continue;
    ++known;
    std::size_t different = 0;
    for (std::size_t i = 0; i < order.size(); ++i) different += got[gone.size() + i] == wanted[order[i]] ? 0 : 1;
    CHECK(different == 0);
  }
  CHECK(known > 0);
}

TEST_CASE("learned vectors: while more is to come, what is new gets its vector by what was learned") {
  const std::vector<Document> documents = write_documents(600, 20, 6);
  Learned learned;
  for (std::size_t i = 0; i < 300; ++i) learned.add(documents[i]);
  learned.vectors.follow(learned.index, LearnedVectors::Learning::later);
  const std::vector<float> first = learned.scores("topic3word5");
  REQUIRE(first.size() == 300);  // nothing was learned before

  for (std::size_t i = 300; i < 600; ++i) learned.add(documents[i]);
  learned.vectors.follow(learned.index, LearnedVectors::Learning::later);
  std::vector<float> later = learned.scores("topic3word5");
  REQUIRE(later.size() == 600);
  learned.vectors.follow(learned.index);
  CHECK(learned.scores("topic3word5") != later);
  later.resize(300);
  CHECK(later == first);
}

TEST_CASE("learned vectors: a new document has its vector after follow()") {
  Learned learned;
  for (const Document& document : write_documents(2'000, 80, 5)) learned.add(document);
  learned.vectors.follow(learned.index);
  const Document document{"never", "topic4word1", "topic4word2", "topic4word3", "topic4word7"};
  learned.add(document);
  CHECK(learned.scores("topic4word6").size() == 2'000);
  learned.vectors.follow(learned.index);
  const std::vector<float> scores = learned.scores("topic4word6");
  REQUIRE(scores.size() == 2'001);
  CHECK(scores.back() > 0.3F);
}

TEST_CASE("learned vectors: nothing to learn from") {
  Learned learned;
  std::string asked = "a";
  SECTION("no document") {}
  SECTION("one document") {
    learned.add({"a", "b", "c"});
  }
  SECTION("documents without words") {
    for (int i = 0; i < 10; ++i) learned.add({});
  }
  SECTION("the same document again and again") {
    for (int i = 0; i < 10; ++i) learned.add({"a", "b", "c"});
  }
  SECTION("no word twice") {
    for (int i = 0; i < 10; ++i) learned.add({"word" + std::to_string(i)});
    asked = "word3";
  }
  learned.vectors.follow(learned.index);
  CHECK(learned.scores(asked).empty());
}

TEST_CASE("learned vectors: fewer words than dimensions") {
  Learned learned;
  for (int i = 0; i < 40; ++i) {
    learned.add({i % 5 == 0 ? "left" : "right" + std::to_string(i % 5), "one" + std::to_string(i)});
  }
  learned.vectors.follow(learned.index);
  const std::vector<float> scores = learned.scores("left");
  REQUIRE(scores.size() == 40);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    CHECK(std::isfinite(scores[i]));
    CHECK_THAT(scores[i], WithinAbs(i % 5 == 0 ? 1 : 0, 0.1));
  }
}
