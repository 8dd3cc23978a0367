// The words of source text as numbers. Source says the same identifiers again and again: each is split, stemmed and
// hashed once, and looked up from then on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

/// 64-bit FNV-1a with MurmurHash3's finalizer; the same on every machine.
std::uint64_t hash_word(std::string_view word);

/// Ascending. Numbers that are spread evenly over 64 bits, as hashes are, are sorted in a fraction of std::sort's time.
void sort_hashes(std::vector<std::uint64_t>& hashes);

/// For many texts, one after the other; not for two threads at once.
class WordHasher {
 public:
  /// How many identifiers are kept at most. Measured on texts of 2 MB, as an ingest has them at once: 2,048 take 13 %
  /// longer than 8,192, 65,536 take 30 % longer.
  static constexpr std::size_t kForTexts = 8192;
  static constexpr std::size_t kForLines = 256;

  explicit WordHasher(std::size_t identifiers) : known_(identifiers) {}

  /// hash_word() of each word of analyze_text(text), in order; valid until the next call.
  std::span<const std::uint64_t> hash_words(std::string_view text);

 private:
  struct Known {
    std::string identifier;
    std::vector<std::uint64_t> hashes;
  };

  std::vector<Known> known_;  // each in the place that its hash gives it, until another takes it
  std::vector<std::uint64_t> hashes_;
};

}  // namespace codehelper
