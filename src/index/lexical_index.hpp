// An inverted index in memory: BM25 over chunks and over whole files (Robertson and Zaragoza, "The Probabilistic
// Relevance Framework: BM25 and Beyond", 2009). Every match is scored; a list of 25,000 postings takes about 50
// microseconds. SQLite's FTS5 has no weight of a word and no score of a file, and is slower: 164 ms against 6 ms for a
// whole POST /search (medians; 24,050 chunks, questions of 7 words; a one-off script over ten copies of Caddy).
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "term_vector.hpp"

namespace codehelper {

struct WeightedTerm {
  TermId term = 0;
  double weight = 1;
};

struct Posting {
  std::uint32_t document = 0;
  std::uint32_t count = 0;
};

class LexicalIndex {
 public:
  /// Adds the next document; the first is number 0. The documents of one file come one after the other.
  void add(std::uint32_t file, std::span<const TermCount> terms);
  /// A removed document is found no more, and counts no more for the rarity of words. Once only.
  void remove(std::uint32_t document);

  /// Inverse document frequencies, in the order of the terms; 0 = in no document.
  std::vector<double> rarities(std::span<const WeightedTerm> terms) const;

  struct Scores {
    std::vector<float> documents;  // by number; 0 = no word matches
    std::vector<float> files;      // by number
  };
  /// `rarities` of these terms.
  Scores score(std::span<const WeightedTerm> terms, std::span<const double> rarities) const;

  struct DocumentScore {
    std::uint32_t document = 0;
    double score = 0;
  };
  /// Every live document that holds `held`, ascending, scored as if all were of mean length: among the places that
  /// declare a name a long one is no worse.
  std::vector<DocumentScore> score_holders(TermId held, std::span<const WeightedTerm> terms) const;

  /// Whether each document, by number, is live and holds all of the words.
  std::vector<bool> holds_all(std::span<const TermId> terms) const;
  /// Weighted words of a file, by number.
  std::uint64_t file_length(std::uint32_t file) const { return file_lengths_[file]; }

  bool is_live(std::uint32_t document) const { return lengths_[document] != 0; }
  /// Of all words, in no order, or of one; ascending by document. Removed documents stay in them.
  template <class Visit>
  void visit_postings(Visit visit) const {
    for (const auto& [term, postings] : postings_) visit(term, std::span<const Posting>(postings));
  }
  std::span<const Posting> postings_of(TermId term) const;

  std::size_t live_documents() const { return live_documents_; }
  /// An estimate.
  std::size_t memory_bytes() const;

 private:
  using Postings = std::vector<Posting>;

  /// 0 when no live document holds the word.
  double rarity_of(const Postings& postings) const;
  /// What stands beside the count in BM25's divisor, by document; infinite for removed and empty ones.
  std::vector<float> document_norms() const;
  static void score_documents(const Postings& postings, double factor, const std::vector<float>& norms,
                              std::vector<float>& scores);
  void score_files(const Postings& postings, double weight, std::vector<float>& scores) const;

  std::unordered_map<TermId, Postings> postings_;
  std::size_t posting_count_ = 0;
  std::vector<std::uint32_t> lengths_;  // weighted words of a document; 0 = removed, or empty
  std::vector<std::uint32_t> file_of_;
  std::vector<std::uint64_t> file_lengths_;  // 0 = no document left
  std::uint64_t total_length_ = 0;
  std::size_t live_documents_ = 0;
  std::size_t removed_documents_ = 0;
  std::size_t live_files_ = 0;
};

}  // namespace codehelper
