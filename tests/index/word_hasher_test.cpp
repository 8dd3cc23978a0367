#include "codehelper/index/word_hasher.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "codehelper/index/text_analysis.hpp"

using namespace codehelper;

namespace {

using Hashes = std::vector<std::uint64_t>;

Hashes hash_words(WordHasher& hasher, std::string_view text) {
  const auto hashes = hasher.hash_words(text);
  return {hashes.begin(), hashes.end()};
}

Hashes hash_analyzed(std::string_view text) {
  Hashes hashes;
  for (const std::string& word : analyze_text(text)) hashes.push_back(hash_word(word));
  return hashes;
}

}  // namespace

TEST_CASE("word hasher: an identifier has the words of analyze_text(), when it comes again too") {
  const auto text = GENERATE(as<std::string>(), "", "x = a + b;", "readLine(fileName) readLine", "HTTPServer2 __init__",
                             "größe – read文件 文件", "\xff\xc3(\xe5\xa4", std::string(81, 'b'),
                             std::string(50, 'b') + "_" + std::string(50, 'c'));
  WordHasher hasher(WordHasher::kForTexts);

  CHECK(hash_words(hasher, text) == hash_analyzed(text));
  CHECK(hash_words(hasher, text) == hash_analyzed(text));
}

TEST_CASE("word hasher: identifiers that take each other's place keep their words") {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "name" + std::to_string(i * 7919 % 20'000) + "\n";
  WordHasher hasher(WordHasher::kForTexts);

  CHECK(hash_words(hasher, text) == hash_analyzed(text));
}

TEST_CASE("hashes: are sorted as std::sort does") {
  std::mt19937_64 random(1);
  Hashes hashes(GENERATE(as<std::size_t>(), 0, 1, 2, 300, 20'000));
  for (std::uint64_t& hash : hashes) hash = random() >> (random() % 3 == 0 ? 58U : 0U);
  Hashes expected = hashes;
  std::ranges::sort(expected);

  sort_hashes(hashes);

  CHECK(hashes == expected);
}
