#include "index_snapshot.hpp"

#include <algorithm>

#include "codehelper/base/error.hpp"
#include "codehelper/index/text_analysis.hpp"

namespace codehelper {
namespace {

/// Removed chunks stay as dead rows until they are this share of all; then everything is loaded anew.
constexpr double kDeadShare = 0.3;

/// The `limit` best of `candidates`, in order.
template <class T, class Before>
void keep_best(std::vector<T>& candidates, std::size_t limit, Before before) {
  const std::size_t kept = std::min(limit, candidates.size());
  const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(kept);
  std::ranges::partial_sort(candidates, middle, before);
  candidates.erase(middle, candidates.end());
}

}  // namespace

Result<void> IndexSnapshot::follow(IndexDatabase& database) {
  auto revision = database.revision();
  if (!revision) return std::unexpected(revision.error());
  if (revision_ == *revision) return {};
  auto ids = database.chunk_ids();
  if (!ids) return std::unexpected(ids.error());
  remove_missing(*ids);
  const double live = static_cast<double>(lexical_.live_documents());
  if (static_cast<double>(chunks_.size()) - live > kDeadShare * static_cast<double>(chunks_.size())) *this = {};
  auto loaded = load_paths(database);
  if (loaded) loaded = add_new(database);
  if (!loaded) return loaded;
  revision_ = *revision;
  return {};
}

std::uint32_t IndexSnapshot::file_number(std::int64_t file_id) {
  const auto [entry, is_new] = file_numbers_.try_emplace(file_id, static_cast<std::uint32_t>(paths_.size()));
  if (is_new) paths_.emplace_back();
  return entry->second;
}

Result<void> IndexSnapshot::load_paths(IndexDatabase& database) {
  return database.visit_files([this](std::int64_t id, std::string_view path) { paths_[file_number(id)] = path; });
}

void IndexSnapshot::remove_missing(const std::vector<std::int64_t>& live_ids) {
  auto live = live_ids.begin();
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    ChunkEntry& chunk = chunks_[i];
    while (live != live_ids.end() && *live < chunk.id) ++live;
    if (!chunk.is_live || (live != live_ids.end() && *live == chunk.id)) continue;
    chunk.is_live = false;
    lexical_.remove(static_cast<std::uint32_t>(i));
  }
}

Result<void> IndexSnapshot::add_new(IndexDatabase& database) {
  std::vector<TermCount> terms;
  const auto add = [&](const FeatureRow& row) {
    if (!decode_terms(row.terms, terms) || !vectors_.add(row.vector)) return false;
    const std::uint32_t file = file_number(row.file_id);
    lexical_.add(file, terms);
    chunks_.push_back({row.chunk_id, file, row.start_line, true});
    return true;
  };
  return database.visit_features(chunks_.empty() ? 0 : chunks_.back().id, add);
}

std::vector<IndexSnapshot::RankedChunk> IndexSnapshot::best_chunks(const std::vector<float>& scores,
                                                                   std::size_t limit) const {
  std::vector<LexicalIndex::DocumentScore> documents;
  for (std::uint32_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > 0 && chunks_[i].is_live) documents.push_back({i, scores[i]});
  }
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
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > 0) numbers.push_back(i);
  }
  keep_best(numbers, limit, [&](std::uint32_t left, std::uint32_t right) {
    return scores[left] != scores[right] ? scores[left] > scores[right] : paths_[left] < paths_[right];
  });
  std::vector<ScoredFile> best;
  best.reserve(numbers.size());
  for (const std::uint32_t number : numbers) best.push_back({paths_[number], scores[number]});
  return best;
}

std::size_t IndexSnapshot::memory_bytes() const {
  constexpr std::size_t kBytesOfFile = 160;  // its path and its node in the map
  return lexical_.memory_bytes() + vectors_.memory_bytes() + chunks_.capacity() * sizeof(ChunkEntry) +
         paths_.size() * kBytesOfFile;
}

IndexSnapshot::Ranking IndexSnapshot::rank(const ChunkQuery& query) const {
  std::vector<WeightedTerm> terms;
  terms.reserve(query.terms.size());
  for (const QueryTerm& term : query.terms) terms.push_back({term_id(term.text), term.weight});
  const LexicalIndex::Scores scores = lexical_.score(terms);
  Ranking ranking{best_chunks(scores.documents, query.limit),
                  best_chunks(vectors_.multiply(query.embedding), query.limit),
                  {},
                  best_files(scores.files, query.limit)};
  if (!query.definition.empty()) {
    auto declaring = lexical_.score_holders(term_id(definition_term(query.definition)), terms);
    ranking.definitions = best_documents(std::move(declaring), query.limit);
  }
  return ranking;
}

}  // namespace codehelper
