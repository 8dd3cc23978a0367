#include "index_snapshot.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <future>

#include "codehelper/index/text_analysis.hpp"

namespace codehelper {
namespace {

/// Removed chunks stay as dead entries until they are this share of all.
constexpr double kDeadShare = 0.3;

/// Vectors of fewer chunks are multiplied in less than starting a thread takes.
constexpr std::size_t kWorthAThread = 20'000;

/// The `limit` best of `candidates`, in order.
template <class T, class Before>
void keep_best(std::vector<T>& candidates, std::size_t limit, Before before) {
  const std::size_t kept = std::min(limit, candidates.size());
  const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(kept);
  std::ranges::partial_sort(candidates, middle, before);
  candidates.erase(middle, candidates.end());
}

/// Calls `take` with the numbers of all scores above `least()`, ascending. Most of 100,000 are below: they are passed
/// over sixty-four at once.
template <class Least, class Take>
void for_each_above(const std::vector<float>& scores, Least least, Take take) {
  constexpr std::size_t kAtOnce = 64;
  for (std::size_t begin = 0; begin < scores.size(); begin += kAtOnce) {
    const std::size_t end = std::min(begin + kAtOnce, scores.size());
    const float bound = least();
    int above = 0;
    for (std::size_t i = begin; i < end; ++i) above |= static_cast<int>(scores[i] > bound);
    if (above == 0) continue;
    for (std::size_t i = begin; i < end; ++i) {
      if (scores[i] > least()) take(static_cast<std::uint32_t>(i));
    }
  }
}

/// The numbers of the positive scores among which the `limit` best are, equals of the last one included: of 100,000
/// only some hundred have to be sorted then. Ascending.
std::vector<std::uint32_t> find_best(const std::vector<float>& scores, std::size_t limit) {
  if (limit == 0) return {};
  std::vector<float> best;  // at most twice the limit
  float least = 0;          // no score at or below it is needed to know the limit best
  const auto keep_best_half = [&] {
    std::ranges::nth_element(best, best.begin() + static_cast<std::ptrdiff_t>(limit) - 1, std::greater());
    best.resize(limit);
    least = best.back();
  };
  for_each_above(
      scores, [&] { return least; },
      [&](std::uint32_t number) {
        best.push_back(scores[number]);
        if (best.size() == 2 * limit) keep_best_half();
      });
  if (best.size() >= limit) keep_best_half();
  const float bound = least > 0 ? std::nextafter(least, 0.0F) : 0;  // equals come along
  std::vector<std::uint32_t> numbers;
  for_each_above(
      scores, [&] { return bound; }, [&](std::uint32_t number) { numbers.push_back(number); });
  return numbers;
}

}  // namespace

std::uint32_t IndexSnapshot::add_file(std::string_view path) {
  paths_.emplace_back(path);
  return static_cast<std::uint32_t>(paths_.size() - 1);
}

void IndexSnapshot::add(std::int64_t id, std::uint32_t file, int start_line, std::span<const TermCount> terms) {
  lexical_.add(file, terms);
  learned_.add(terms);
  chunks_.push_back({id, file, start_line, true});
}

void IndexSnapshot::remove(std::size_t position) {
  chunks_[position].is_live = false;
  lexical_.remove(static_cast<std::uint32_t>(position));
}

bool IndexSnapshot::is_worn_out() const {
  const auto all = static_cast<double>(chunks_.size());
  return all - static_cast<double>(lexical_.live_documents()) > kDeadShare * all;
}

std::vector<IndexSnapshot::RankedChunk> IndexSnapshot::best_chunks(const std::vector<float>& scores,
                                                                   std::size_t limit) const {
  std::vector<LexicalIndex::DocumentScore> documents;
  for (const std::uint32_t number : find_best(scores, limit)) documents.push_back({number, scores[number]});
  return best_documents(std::move(documents), limit);
}

std::vector<IndexSnapshot::RankedChunk> IndexSnapshot::best_documents(
    std::vector<LexicalIndex::DocumentScore> documents, std::size_t limit) const {
  using DocumentScore = LexicalIndex::DocumentScore;
  keep_best(documents, limit, [&](const DocumentScore& left, const DocumentScore& right) {
    if (left.score != right.score) return left.score > right.score;
    const ChunkEntry& one = chunks_[left.document];
    const ChunkEntry& other = chunks_[right.document];
    const int order = paths_[one.file].compare(paths_[other.file]);
    return order != 0 ? order < 0 : one.start_line < other.start_line;
  });
  std::vector<RankedChunk> best;
  best.reserve(documents.size());
  for (const DocumentScore& entry : documents) best.push_back({chunks_[entry.document].id, entry.score});
  return best;
}

std::vector<ScoredFile> IndexSnapshot::best_files(const std::vector<float>& scores, std::size_t limit) const {
  std::vector<std::uint32_t> numbers = find_best(scores, limit);
  keep_best(numbers, limit, [&](std::uint32_t left, std::uint32_t right) {
    return scores[left] != scores[right] ? scores[left] > scores[right] : paths_[left] < paths_[right];
  });
  std::vector<ScoredFile> best;
  best.reserve(numbers.size());
  for (const std::uint32_t number : numbers)
    best.push_back({paths_[number], scores[number], lexical_.file_length(number)});
  return best;
}

std::size_t IndexSnapshot::memory_bytes() const {
  constexpr std::size_t kBytesOfFile = 160;  // its path and its node in the map
  return lexical_.memory_bytes() + learned_.memory_bytes() + vectors_.memory_bytes() +
         chunks_.capacity() * sizeof(ChunkEntry) + paths_.size() * kBytesOfFile;
}

std::vector<bool> IndexSnapshot::find_passing(const ChunkFilter& filter) const {
  if (filter.empty()) return {};
  std::vector<bool> files(paths_.size());
  for (std::size_t i = 0; i < paths_.size(); ++i) files[i] = may_pass(filter, paths_[i]);
  std::vector<TermId> words;
  words.reserve(filter.words.size());
  for (const std::string& word : filter.words) words.push_back(term_id(word));
  std::vector<bool> passing = lexical_.holds_all(words);
  for (std::size_t i = 0; i < passing.size(); ++i) passing[i] = passing[i] && files[chunks_[i].file];
  return passing;
}

IndexSnapshot::Ranking IndexSnapshot::rank(const ChunkQuery& query) const {
  std::vector<WeightedTerm> terms;
  terms.reserve(query.terms.size());
  for (const QueryTerm& term : query.terms) terms.push_back({term_id(term.text), term.weight});
  const std::vector<bool> passing = find_passing(query.filter);
  const bool all_pass = passing.empty() && lexical_.live_documents() == chunks_.size();
  const auto keep_passing = [&](std::vector<float> scores) {
    if (all_pass) return scores;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (!chunks_[i].is_live || (!passing.empty() && !passing[i])) scores[i] = 0;
    }
    return scores;
  };
  Ranking ranking;
  ranking.rarities = lexical_.rarities(terms);
  auto rank_vectors = [&] {
    if (query.semantic_limit > 0) {
      ranking.semantic = best_chunks(keep_passing(vectors_.multiply(query.embedding)), query.semantic_limit);
    }
    if (query.learned_limit == 0) return;
    std::vector<WeightedTerm> rare = terms;
    for (std::size_t i = 0; i < rare.size(); ++i) rare[i].weight *= ranking.rarities[i];
    ranking.learned = best_chunks(keep_passing(learned_.multiply(rare)), query.learned_limit);
  };
  // Without std::launch::async alone: where no thread can be had, get() does the work.
  const auto deferred = std::launch::deferred;
  auto vectors = std::async(chunks_.size() < kWorthAThread ? deferred : deferred | std::launch::async, rank_vectors);
  LexicalIndex::Scores scores = lexical_.score(terms, ranking.rarities);
  ranking.lexical = best_chunks(keep_passing(std::move(scores.documents)), query.limit);
  ranking.files = best_files(scores.files, query.limit);
  if (!query.definition.empty()) {
    auto declaring = lexical_.score_holders(term_id(definition_term(query.definition)), terms);
    if (!passing.empty()) std::erase_if(declaring, [&](const auto& entry) { return !passing[entry.document]; });
    ranking.definitions = best_documents(std::move(declaring), query.limit);
  }
  vectors.get();
  return ranking;
}

}  // namespace codehelper
