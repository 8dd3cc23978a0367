#include "rank_fusion.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "name_match.hpp"

namespace codehelper {
namespace {

// Set on 13 sets of commit messages (five of shared/measure/retrieval, eight made by tests/bench/retrieval.py) and one
// of docstrings. In brackets: points of macro MRR@10 (of 65.7 on the five, 69.9 on the others) that are lost without
// the signal. Half and twice of each weight lose 0 to 1.5 points.
constexpr double kChunkWeight = 1.0;
constexpr double kFileWeight = 1.0;  // all words of the file together
// [0.1, 0] on the five and ten others, 0.1 for 427 docstrings as questions; 0.2 gives -0.2, -0.3 and 0.6 beside that:
// all within the error. Line-hit@5 is 60.0, 58.6, 59.2 for 0.1, 0.2, 0.4.
constexpr double kLearnedWeight = 0.1;
constexpr double kPathWeight = 0.5;     // [1.3, 0.6]
constexpr double kScopeWeight = 0.2;    // [0.4, 0.4]
constexpr double kLengthWeight = 0.5;   // [0.6, 1.2] more happens in a long file than BM25's b grants it
constexpr double kFolderWeight = 0.75;  // [0.5, 0.7] what belongs together lies together
// [1.9, 2.9] on the five and seven of the others with their own history; 0.5, 0.8, 1.1 give 67.6, 68.1, 67.9. For 438
// docstrings as questions, taken out of four repositories: 77.3, 76.6, 75.5; 77.1 without.
constexpr double kHistoryWeight = 0.66;
constexpr double kNameBonus = 0.2;         // [0.2, 0.2] a plain word that is a name too; shared by all who declare it
constexpr double kCodeBonus = 0.3;         // [0.3, 0.2] a name written as code, for each who declares it
constexpr double kPathMentionBonus = 0.5;  // the three below: questions of other kinds, tests/retrieve
constexpr double kLineMentionBonus = 1.0;  // a stack trace: as much as the best words
constexpr double kSubjectBonus = 8.0;      // more than all other evidence together, even halved: that is the answer
// The best place of a file stands where its file stands; a place half as good keeps three quarters of that. Line-hit@5
// is 57.7, 59.4, 59.0 for 0.15, 0.5, 0.8; with a sum of place and file MRR@10 was 64.3.
constexpr double kOwnShare = 0.5;
constexpr std::size_t kShortestName = 3;
// A file of so many words is neither long nor short; one of e^3.6 times as many counts as very long.
constexpr double kTypicalFileWords = 400;
constexpr double kLengthRange = 3.6;

struct Candidate {
  std::int64_t id = 0;
  double lexical = 0;
  double semantic = 0;
  double learned = 0;
  double scope = 0;
  double bonus = 0;
  Chunk chunk;
};

struct FileEvidence {
  double lexical = 0;  // of its best chunk, as the following two
  double semantic = 0;
  double learned = 0;
  double scope = 0;
  double words = 0;  // of the file as a whole
  double path = 0;
  double length = 0;
  double folder = 0;
  double history = 0;
  double bonus = 0;
  double prior = 1;
};

using Files = std::map<std::string, FileEvidence, std::less<>>;

double best_score(const std::vector<ScoredChunk>& leg) {
  return leg.empty() ? 1 : std::max(leg.front().score, 1e-9);
}

/// The legs as one list without repetition, scores divided by each leg's best.
std::vector<Candidate> join_legs(const Question& question, ChunkHits& hits) {
  std::vector<Candidate> candidates;
  std::unordered_map<std::int64_t, std::size_t> places;
  const double best_lexical = best_score(hits.lexical);
  const double best_semantic = best_score(hits.semantic);
  const double best_learned = best_score(hits.learned);
  const auto find_candidate = [&](ScoredChunk& hit) -> Candidate* {
    const auto known = places.find(hit.id);
    if (known != places.end()) return &candidates[known->second];
    if (!question.narrowing.allows(hit.chunk)) return nullptr;
    places.emplace(hit.id, candidates.size());
    return &candidates.emplace_back(Candidate{hit.id, 0, 0, 0, 0, 0, std::move(hit.chunk)});
  };
  for (ScoredChunk& hit : hits.definitions) find_candidate(hit);  // first, because these have their text
  for (ScoredChunk& hit : hits.lexical) {
    if (Candidate* candidate = find_candidate(hit)) candidate->lexical = hit.score / best_lexical;
  }
  for (ScoredChunk& hit : hits.semantic) {
    if (Candidate* candidate = find_candidate(hit)) candidate->semantic = hit.score / best_semantic;
  }
  for (ScoredChunk& hit : hits.learned) {
    if (Candidate* candidate = find_candidate(hit)) candidate->learned = hit.score / best_learned;
  }
  return candidates;
}

/// For each candidate that declares a name of the question.
void add_name_bonuses(const Question& question, std::vector<Candidate>& candidates) {
  std::map<std::string_view, int> declaring;
  const auto is_asked = [&](const std::string& name) {
    return name.size() >= kShortestName && std::ranges::binary_search(question.names, name);
  };
  for (const Candidate& candidate : candidates) {
    for (const std::string& name : candidate.chunk.definitions) {
      if (is_asked(name)) ++declaring[name];
    }
  }
  for (Candidate& candidate : candidates) {
    for (const std::string& name : candidate.chunk.definitions) {
      if (!is_asked(name)) continue;
      const double bonus = is_written_as_code(name) ? kCodeBonus : kNameBonus / std::sqrt(declaring[name]);
      candidate.bonus = std::max(candidate.bonus, bonus);
    }
  }
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

std::string_view folder_of(std::string_view path) {
  return path.substr(0, path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/'));
}

/// Divides what `part` says of each file by the largest.
void normalize(Files& files, double FileEvidence::* part) {
  double largest = 0;
  for (const auto& [path, file] : files) largest = std::max(largest, file.*part);
  if (largest == 0) return;
  for (auto& [path, file] : files) file.*part /= largest;
}

/// A folder is as good as the best file of a wished-for kind in it, as a share of the best file of all.
void add_folders(Files& files) {
  std::map<std::string_view, double> folders;
  double best_of_all = 1e-9;
  for (const auto& [path, file] : files) {
    const double words = file.lexical + file.words;
    best_of_all = std::max(best_of_all, words);
    if (file.prior < 1) continue;
    double& best = folders[folder_of(path)];
    best = std::max(best, words);
  }
  for (auto& [path, file] : files) {
    const auto folder = folders.find(folder_of(path));
    if (folder != folders.end()) file.folder = folder->second / best_of_all;
  }
}

Files gather_files(const FusionRequest& request, const std::vector<Candidate>& candidates, NameMatcher& matcher,
                   const std::vector<ScoredFile>& scored_files) {
  const Question& question = request.question;
  Files files;
  for (const Candidate& candidate : candidates) {
    FileEvidence& file = files[candidate.chunk.path];
    file.lexical = std::max(file.lexical, candidate.lexical);
    file.semantic = std::max(file.semantic, candidate.semantic);
    file.learned = std::max(file.learned, candidate.learned);
    file.scope = std::max(file.scope, candidate.scope);
    file.bonus = std::max(file.bonus, candidate.bonus);
  }
  for (const ScoredFile& scored : scored_files) {
    const auto file = files.find(scored.path);
    if (file == files.end()) continue;
    file->second.words = scored.score;
    const double relative_length = (static_cast<double>(scored.words) + 1) / kTypicalFileWords;
    file->second.length = std::clamp(std::log(relative_length) / kLengthRange, -1.0, 1.0);
  }
  for (auto& [path, file] : files) {
    const auto is_named = [&path](const PathMention& mention) { return is_mentioned(path, mention); };
    if (std::ranges::any_of(question.paths, is_named)) file.bonus += kPathMentionBonus;
    file.prior = prior_of(classify_path(path), question.wishes);
    file.path = matcher.match(path);
    const auto votes = request.votes.find(path);
    if (votes != request.votes.end()) file.history = votes->second;
  }
  normalize(files, &FileEvidence::words);
  normalize(files, &FileEvidence::path);
  add_folders(files);
  return files;
}

HitEvidence make_evidence(const Candidate& candidate, const FileEvidence& file, double semantic_weight) {
  HitEvidence evidence;
  evidence.words = kChunkWeight * candidate.lexical;
  evidence.semantic = semantic_weight * candidate.semantic;
  evidence.learned = kLearnedWeight * candidate.learned;
  evidence.bonus = candidate.bonus;
  evidence.file_best_place = kChunkWeight * file.lexical;
  evidence.file_words = kFileWeight * file.words;
  evidence.file_semantic = semantic_weight * file.semantic;
  evidence.file_learned = kLearnedWeight * file.learned;
  evidence.file_path = kPathWeight * file.path;
  evidence.file_scope = kScopeWeight * file.scope;
  evidence.file_length = kLengthWeight * file.length;
  evidence.file_folder = kFolderWeight * file.folder;
  evidence.file_history = kHistoryWeight * file.history;
  evidence.file_bonus = file.bonus;
  evidence.prior = file.prior;
  return evidence;
}

double place_score(const HitEvidence& evidence) {
  return evidence.prior * (evidence.words + evidence.semantic + evidence.learned + evidence.bonus);
}

double file_score(const HitEvidence& evidence) {
  const double points = evidence.file_best_place + evidence.file_words + evidence.file_semantic +
                        evidence.file_learned + evidence.file_path + evidence.file_scope + evidence.file_length +
                        evidence.file_folder + evidence.file_history + evidence.file_bonus;
  return evidence.prior * std::max(points, 0.0);
}

}  // namespace

std::vector<FusedChunk> fuse_hits(const FusionRequest& request, ChunkHits hits) {
  const Question& question = request.question;
  std::vector<Candidate> candidates = join_legs(question, hits);
  if (candidates.empty()) return {};
  NameMatcher matcher(request.terms, hits.rarities);
  double best_scope = 1e-9;
  for (Candidate& candidate : candidates) {
    candidate.scope = matcher.match(candidate.chunk.symbol);
    best_scope = std::max(best_scope, candidate.scope);
  }
  const bool is_about_file = question.subject && is_file_name(*question.subject, question, candidates);
  if (question.subject && !is_about_file) add_subject_bonus(*question.subject, candidates);
  if (!is_about_file) add_name_bonuses(question, candidates);
  for (Candidate& candidate : candidates) {
    candidate.scope /= best_scope;
    candidate.bonus += mention_bonus(candidate.chunk, question);
  }
  const Files files = gather_files(request, candidates, matcher, hits.files);

  std::vector<FusedChunk> fused;
  fused.reserve(candidates.size());
  double best_file = 1e-9;
  std::map<std::string, double> best_places;  // by path
  for (Candidate& candidate : candidates) {
    const HitEvidence evidence =
        make_evidence(candidate, files.find(candidate.chunk.path)->second, request.semantic_weight);
    best_file = std::max(best_file, file_score(evidence));
    double& best_place = best_places[candidate.chunk.path];
    best_place = std::max(best_place, place_score(evidence));
    fused.push_back({candidate.id, 0, std::move(candidate.chunk), evidence});
  }
  for (FusedChunk& chunk : fused) {
    const double best_place = std::max(best_places[chunk.chunk.path], 1e-9);
    const double relative = 1 - kOwnShare + kOwnShare * place_score(chunk.evidence) / best_place;
    chunk.score = relative * file_score(chunk.evidence) / best_file;
  }
  std::ranges::sort(fused, [](const FusedChunk& left, const FusedChunk& right) {
    if (left.score != right.score) return left.score > right.score;
    return std::tie(left.chunk.path, left.chunk.start_line) < std::tie(right.chunk.path, right.chunk.start_line);
  });
  return fused;
}

}  // namespace codehelper
