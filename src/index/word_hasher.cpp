#include "codehelper/index/word_hasher.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "identifier.hpp"

namespace codehelper {
namespace {

void append_hashes(std::string_view identifier, std::vector<std::uint64_t>& hashes) {
  for (const std::string& word : make_words(identifier)) hashes.push_back(hash_word(word));
}

}  // namespace

std::uint64_t hash_word(std::string_view word) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  hash = (hash ^ (hash >> 33U)) * 0xFF51AFD7ED558CCDU;
  hash = (hash ^ (hash >> 33U)) * 0xC4CEB9FE1A85EC53U;
  return hash ^ (hash >> 33U);
}

void sort_hashes(std::vector<std::uint64_t>& hashes) {
  constexpr unsigned kShift = 56;  // to the highest byte
  std::array<std::size_t, 256> ends{};
  for (const std::uint64_t hash : hashes) ++ends[hash >> kShift];
  std::size_t sum = 0;
  for (std::size_t& end : ends) end = std::exchange(sum, sum + end);  // now where each byte's hashes begin
  std::vector<std::uint64_t> sorted(hashes.size());
  for (const std::uint64_t hash : hashes) sorted[ends[hash >> kShift]++] = hash;
  auto begin = sorted.begin();
  for (const std::size_t end : ends) {
    std::sort(begin, sorted.begin() + static_cast<std::ptrdiff_t>(end));
    begin = sorted.begin() + static_cast<std::ptrdiff_t>(end);
  }
  hashes = std::move(sorted);
}

std::span<const std::uint64_t> WordHasher::hash_words(std::string_view text) {
  hashes_.clear();
  IdentifierScanner scanner(text);
  while (const auto identifier = scanner.next()) {
    if (identifier->size() > kMaxWordBytes) {
      append_hashes(*identifier, hashes_);
      continue;
    }
    Known& known = known_[std::hash<std::string_view>()(*identifier) % known_.size()];
    if (known.identifier != *identifier) {
      known.identifier = *identifier;
      known.hashes.clear();
      append_hashes(*identifier, known.hashes);
    }
    hashes_.insert(hashes_.end(), known.hashes.begin(), known.hashes.end());
  }
  return hashes_;
}

}  // namespace codehelper
