// From a question to ranked places: lexical and vector legs, rank fusion, boosts and priors, neighbours merged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/index/commit_history.hpp"
#include "codehelper/index/embedder.hpp"
#include "codehelper/index/freshness.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

/// Why a hit stands where it stands: the points that each signal gives (rank_fusion.cpp has the weights). The place has
/// prior * (words + semantic + learned + bonus), its file prior * (the rest). The score is the file's, as a share of
/// the best file's; less for all but the best place of the file.
struct HitEvidence {
  double words = 0;     // BM25 of the place
  double semantic = 0;  // its vector
  double learned = 0;   // words that go with the question's in this index
  double bonus = 0;     // it declares what is asked for, or is the line that is named
  double file_best_place = 0;
  double file_words = 0;  // BM25 of the whole file
  double file_semantic = 0;
  double file_learned = 0;
  double file_path = 0;     // words of the question in the path
  double file_scope = 0;    // words of the question in the symbol of a place
  double file_length = 0;   // less than 0 for a small file
  double file_folder = 0;   // how good the best file of the folder is
  double file_history = 0;  // commits with words of the question changed it
  double file_bonus = 0;    // the best bonus of its places, and more when the path is named
  double prior = 1;         // factor for what kind of file it is
};

struct SearchHit {
  std::string path;  // relative to the project
  std::string language;
  std::string symbol;
  int start_line = 1;  // 1-based, inclusive
  int end_line = 1;
  std::string text;  // exactly those lines of the file; bytes that are no UTF-8 as U+FFFD
  double score = 0;  // larger is better, best about 1
  std::vector<std::string> definitions;
  HitEvidence evidence;
};

enum class CutReason { limit, per_file, joined };
std::string_view to_string(CutReason reason);

/// A candidate that is no hit of its own.
struct CutPlace {
  std::string path;
  int start_line = 1;
  int end_line = 1;
  double score = 0;
  CutReason reason = CutReason::limit;
};

/// One word that was looked up.
struct AskedTerm {
  std::string text;   // as text_analysis.hpp makes it
  double weight = 1;  // in the question
  double rarity = 0;  // in the index; 0 = in no chunk, or not known
};

struct SearchResult {
  std::vector<SearchHit> hits;  // best first
  IndexMarker index;
  std::vector<std::string> notes;              // for people: what of the question could not be heeded
  std::vector<AskedTerm> terms;                // heaviest first
  std::vector<CutPlace> cut;                   // best first
  std::optional<std::uint64_t> changed_files;  // since the index and not in it yet; nothing = not known
  std::string semantic_missing_because;  // not empty: the question could not be embedded, its words alone were searched
};

/// Of a question, this much is read: some 1,500 lines of a log, whose words are far more than the 256 that count.
inline constexpr std::size_t kMaxQuestionBytes = 64 * 1024;

/// A question of one line may hold filters: "path:src/net" or "path:*.go" (a piece of the path, or a glob), "lang:go",
/// and, among twelve words at most, a "quoted phrase", in any case and with any blanks.
struct SearchRequest {
  std::string question;  // what comes after kMaxQuestionBytes is not read
  std::size_t limit = 10;
  std::size_t max_hits_per_file = 3;
  std::string folder = {};  // only what is below it, relative to the project; empty = everything
};

class Retriever {
 public:
  /// All outlive the retriever. The loop's blocking pool reads questions and fuses hits. With `freshness`, what changed
  /// is indexed before the search, and a hit's lines are those of the file now; without, of the file that was indexed.
  /// Where the project lies in a git repository, its history has a vote.
  Retriever(EventLoop& loop, VectorStore& store, Embedder& embedder, Freshness* freshness = nullptr)
      : loop_(loop), store_(store), embedder_(embedder), freshness_(freshness) {}

  /// Errors: not_found when the project has no finished index (the message says to POST /project), conflict when it was
  /// made by another embedder (the message says to re-index), and those of the store.
  Task<Result<SearchResult>> search(RequestContext context, Project project, SearchRequest request);

 private:
  /// The marker of an index that can answer.
  Task<Result<IndexMarker>> find_index(RequestContext context, Project project);
  std::unexpected<Error> other_embedder(const Project& project, const IndexMarker& index) const;

  EventLoop& loop_;
  VectorStore& store_;
  Embedder& embedder_;
  Freshness* freshness_;
  CommitHistories histories_;
};

}  // namespace codehelper
