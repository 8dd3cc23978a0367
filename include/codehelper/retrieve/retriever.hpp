// From a question to ranked places: lexical and vector legs, rank fusion, boosts and priors, neighbours merged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/index/embedder.hpp"
#include "codehelper/index/freshness.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

struct SearchHit {
  std::string path;  // relative to the project
  std::string language;
  std::string symbol;
  int start_line = 1;  // 1-based, inclusive
  int end_line = 1;
  std::string text;  // exactly those lines of the file; bytes that are no UTF-8 as U+FFFD
  double score = 0;  // larger is better, best about 1
  std::vector<std::string> definitions;
};

struct SearchResult {
  std::vector<SearchHit> hits;  // best first
  IndexMarker index;
  std::optional<std::uint64_t> changed_files;  // since the index and not in it yet; nothing = not known
  std::string semantic_missing_because;  // not empty: the question could not be embedded, its words alone were searched
};

/// Of a question, this much is read: some 1,500 lines of a log, whose words are far more than the 256 that count.
inline constexpr std::size_t kMaxQuestionBytes = 64 * 1024;

struct SearchRequest {
  std::string question;  // what comes after kMaxQuestionBytes is not read
  std::size_t limit = 10;
  std::size_t max_hits_per_file = 3;
};

class Retriever {
 public:
  /// All outlive the retriever. The loop's blocking pool reads questions and fuses hits. With `freshness`, what changed
  /// is indexed before the search, and a hit's lines are those of the file now; without, of the file that was indexed.
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
};

}  // namespace codehelper
