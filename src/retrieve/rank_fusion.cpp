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
constexpr double kPathMentionBonus = 0.5;
constexpr double kLineMentionBonus = 1.0;  // a stack trace: as much as the best words
constexpr double kDefinitionBonus = 0.5;
constexpr double kSubjectBonus = 8.0;  // more than all other evidence together, even halved: that is the answer
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

  double sum(double semantic_weight) const {
    return prior * (kChunkLegWeight * lexical + kFileLegWeight * words + semantic_weight * semantic + bonus);
  }
};

double best_score(const std::vector<ScoredChunk>& leg) {
  return leg.empty() ? 1 : std::max(leg.front().score, 1e-9);
}

/// The legs as one list without repetition, scores divided by each leg's best.
std::vector<Candidate> join_legs(ChunkHits& hits) {
  std::vector<Candidate> candidates;
  std::unordered_map<std::int64_t, std::size_t> places;
  const double best_lexical = best_score(hits.lexical);
  const double best_semantic = best_score(hits.semantic);
  for (ScoredChunk& hit : hits.lexical) {
    places.emplace(hit.id, candidates.size());
    candidates.push_back({hit.score / best_lexical, 0, 0, std::move(hit.chunk)});
  }
  const auto find_place = [&](ScoredChunk& hit) {
    const auto [place, is_new] = places.emplace(hit.id, candidates.size());
    if (is_new) candidates.push_back({0, 0, 0, std::move(hit.chunk)});
    return place->second;
  };
  for (ScoredChunk& hit : hits.semantic) candidates[find_place(hit)].semantic = hit.score / best_semantic;
  for (ScoredChunk& hit : hits.definitions) find_place(hit);
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

/// "app.json" is the file of that name where there is one, not something called json.
bool is_file_name(const Subject& subject, const Question& question, const std::vector<Candidate>& candidates) {
  const auto mention = std::ranges::find(question.paths, subject.written, &PathMention::path);
  if (mention == question.paths.end()) return false;
  return std::ranges::any_of(candidates, [&](const Candidate& candidate) {
    return is_mentioned(candidate.chunk.path, *mention) && candidate.chunk.path.ends_with(subject.written);
  });
}

/// The declaration that fits best gets the whole bonus, whatever fits less its share.
void add_subject_bonus(const Subject& subject, std::vector<Candidate>& candidates) {
  std::vector<double> fits;
  fits.reserve(candidates.size());
  for (const Candidate& candidate : candidates) fits.push_back(declaration_fit(subject, candidate.chunk));
  const double best = std::ranges::max(fits);
  if (best == 0) return;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    candidates[i].bonus = std::max(candidates[i].bonus, kSubjectBonus * fits[i] / best);
  }
}

}  // namespace

std::vector<FusedChunk> fuse_hits(const Question& question, ChunkHits hits, double semantic_weight) {
  std::vector<Candidate> candidates = join_legs(hits);
  if (candidates.empty()) return {};
  const bool is_about_file = question.subject && is_file_name(*question.subject, question, candidates);
  if (question.subject && !is_about_file) add_subject_bonus(*question.subject, candidates);
  std::map<std::string, FileEvidence, std::less<>> files;
  for (Candidate& candidate : candidates) {
    const bool is_defining = !is_about_file && defines_a_name(candidate.chunk, question);
    if (is_defining) candidate.bonus = std::max(candidate.bonus, kDefinitionBonus);
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
    best_file = std::max(best_file, file.sum(semantic_weight));
  }

  std::vector<FusedChunk> fused;
  fused.reserve(candidates.size());
  double best = 1e-9;
  for (Candidate& candidate : candidates) {
    const FileEvidence& file = files.find(candidate.chunk.path)->second;
    const double own = file.prior * (candidate.lexical + semantic_weight * candidate.semantic + candidate.bonus);
    const double score = kOwnShare * own + (1 - kOwnShare) * file.sum(semantic_weight) / best_file;
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
