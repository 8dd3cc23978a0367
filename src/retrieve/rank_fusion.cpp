#include "rank_fusion.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace codehelper {
namespace {

constexpr double kChunkLegWeight = 1.0;
constexpr double kFileLegWeight = 1.0;
constexpr double kSemanticWeight = 0.2;
constexpr double kPathMentionBonus = 0.5;
constexpr double kLineMentionBonus = 1.0;  // a stack trace: as much as the best words
constexpr double kDefinitionBonus = 0.5;
constexpr double kOneNameBonus = 3.0;  // more than all other evidence together: its definition is the answer
constexpr double kOwnShare = 0.4;      // of a chunk in its score; the rest is its file's
constexpr std::size_t kShortestName = 3;

struct Candidate {
  double lexical = 0;
  double semantic = 0;
  double bonus = 0;
  Chunk chunk;
};

struct FileEvidence {
  double lexical = 0;   // of its best chunk
  double semantic = 0;  // of its best chunk
  double words = 0;     // of the file as a whole
  double bonus = 0;
  double prior = 1;

  double sum() const {
    return prior * (kChunkLegWeight * lexical + kFileLegWeight * words + kSemanticWeight * semantic + bonus);
  }
};

double best_score(const std::vector<ScoredChunk>& leg) {
  return leg.empty() ? 1 : std::max(leg.front().score, 1e-9);
}

/// Both legs as one list without repetition, scores divided by each leg's best.
std::vector<Candidate> join_legs(ChunkHits& hits) {
  std::vector<Candidate> candidates;
  std::unordered_map<std::int64_t, std::size_t> places;
  const double best_lexical = best_score(hits.lexical);
  const double best_semantic = best_score(hits.semantic);
  for (ScoredChunk& hit : hits.lexical) {
    places.emplace(hit.id, candidates.size());
    candidates.push_back({hit.score / best_lexical, 0, 0, std::move(hit.chunk)});
  }
  for (ScoredChunk& hit : hits.semantic) {
    const auto [place, is_new] = places.emplace(hit.id, candidates.size());
    if (is_new) candidates.push_back({0, 0, 0, std::move(hit.chunk)});
    candidates[place->second].semantic = hit.score / best_semantic;
  }
  return candidates;
}

bool defines_a_name(const Chunk& chunk, const Question& question) {
  return std::ranges::any_of(chunk.definitions, [&](const std::string& name) {
    return name.size() >= kShortestName && std::ranges::binary_search(question.names, name);
  });
}

double mention_bonus(const Chunk& chunk, const Question& question) {
  for (const PathMention& mention : question.paths) {
    const bool holds_line = mention.line >= chunk.start_line && mention.line <= chunk.end_line;
    if (holds_line && is_mentioned(chunk.path, mention)) return kLineMentionBonus;
  }
  return 0;
}

}  // namespace

std::vector<FusedChunk> fuse_hits(const Question& question, ChunkHits hits) {
  std::vector<Candidate> candidates = join_legs(hits);
  std::map<std::string, FileEvidence, std::less<>> files;
  for (Candidate& candidate : candidates) {
    if (defines_a_name(candidate.chunk, question)) {
      candidate.bonus += question.is_one_name ? kOneNameBonus : kDefinitionBonus;
    }
    candidate.bonus += mention_bonus(candidate.chunk, question);
    FileEvidence& file = files[candidate.chunk.path];
    file.lexical = std::max(file.lexical, candidate.lexical);
    file.semantic = std::max(file.semantic, candidate.semantic);
    file.bonus = std::max(file.bonus, candidate.bonus);
  }
  const double best_words = hits.files.empty() ? 1 : std::max(hits.files.front().score, 1e-9);
  for (const ScoredFile& scored : hits.files) {
    const auto file = files.find(scored.path);
    if (file != files.end()) file->second.words = scored.score / best_words;
  }
  double best_file = 1e-9;
  for (auto& [path, file] : files) {
    const auto is_named = [&path](const PathMention& mention) { return is_mentioned(path, mention); };
    if (std::ranges::any_of(question.paths, is_named)) file.bonus += kPathMentionBonus;
    file.prior = prior_of(classify_path(path), question.wishes);
    best_file = std::max(best_file, file.sum());
  }

  std::vector<FusedChunk> fused;
  fused.reserve(candidates.size());
  double best = 1e-9;
  for (Candidate& candidate : candidates) {
    const FileEvidence& file = files.find(candidate.chunk.path)->second;
    const double own = file.prior * (candidate.lexical + kSemanticWeight * candidate.semantic + candidate.bonus);
    const double score = kOwnShare * own + (1 - kOwnShare) * file.sum() / best_file;
    best = std::max(best, score);
    fused.push_back({score, std::move(candidate.chunk)});
  }
  for (FusedChunk& chunk : fused) chunk.score /= best;
  std::ranges::sort(fused, [](const FusedChunk& left, const FusedChunk& right) {
    if (left.score != right.score) return left.score > right.score;
    return std::tie(left.chunk.path, left.chunk.start_line) < std::tie(right.chunk.path, right.chunk.start_line);
  });
  return fused;
}

}  // namespace codehelper
