#include "lexical_index.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace codehelper {
namespace {

// shared/retrieval.md: the result is flat for k1 from 0.8 to 2 and b from 0.5 to 0.9; whole files need slower
// saturation.
constexpr double kChunkSaturation = 1.2;
constexpr double kFileSaturation = 3.0;
constexpr double kLengthShare = 0.75;

double inverse_frequency(std::size_t all, std::size_t with) {
  return std::log(1 + (static_cast<double>(all - with) + 0.5) / (static_cast<double>(with) + 0.5));
}

double length_norm(double k1, double relative_length) {
  return k1 * (1 - kLengthShare + kLengthShare * relative_length);
}

double saturate(double count, double k1, double relative_length) {
  return count * (k1 + 1) / (count + length_norm(k1, relative_length));
}

}  // namespace

void LexicalIndex::add(std::uint32_t file, std::span<const TermCount> terms) {
  const auto document = static_cast<std::uint32_t>(lengths_.size());
  std::uint32_t length = 0;
  for (const TermCount& term : terms) {
    postings_[term.term].push_back({document, term.count});
    length += term.count;
  }
  posting_count_ += terms.size();
  lengths_.push_back(length);
  file_of_.push_back(file);
  if (length == 0) return;
  if (file >= file_lengths_.size()) file_lengths_.resize(file + 1);
  if (file_lengths_[file] == 0) ++live_files_;
  file_lengths_[file] += length;
  total_length_ += length;
  ++live_documents_;
}

void LexicalIndex::remove(std::uint32_t document) {
  const std::uint32_t length = lengths_[document];
  if (length == 0) return;
  const std::uint32_t file = file_of_[document];
  file_lengths_[file] -= length;
  if (file_lengths_[file] == 0) --live_files_;
  total_length_ -= length;
  --live_documents_;
  lengths_[document] = 0;
  ++removed_documents_;
}

std::span<const Posting> LexicalIndex::postings_of(TermId term) const {
  const auto found = postings_.find(term);
  return found == postings_.end() ? std::span<const Posting>() : found->second;
}

std::size_t LexicalIndex::memory_bytes() const {
  // A node and a bucket of the map, the vector in it and the heap's own share; vectors have room to grow.
  constexpr std::size_t kBytesOfWord = 80;
  return postings_.size() * kBytesOfWord + posting_count_ * sizeof(Posting) * 3 / 2 +
         (lengths_.capacity() + file_of_.capacity()) * sizeof(std::uint32_t) +
         file_lengths_.capacity() * sizeof(std::uint64_t);
}

std::vector<double> LexicalIndex::rarities(std::span<const WeightedTerm> terms) const {
  std::vector<double> rarities;
  rarities.reserve(terms.size());
  for (const WeightedTerm& term : terms) {
    const auto found = postings_.find(term.term);
    rarities.push_back(found == postings_.end() ? 0 : rarity_of(found->second));
  }
  return rarities;
}

LexicalIndex::Scores LexicalIndex::score(std::span<const WeightedTerm> terms, std::span<const double> rarities) const {
  Scores scores{std::vector<float>(lengths_.size()), std::vector<float>(file_lengths_.size())};
  const std::vector<float> norms = document_norms();
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (rarities[i] == 0) continue;
    const Postings& postings = postings_.find(terms[i].term)->second;
    score_documents(postings, terms[i].weight * rarities[i], norms, scores.documents);
    score_files(postings, terms[i].weight, scores.files);
  }
  return scores;
}

std::vector<LexicalIndex::DocumentScore> LexicalIndex::score_holders(TermId held,
                                                                     std::span<const WeightedTerm> terms) const {
  std::vector<DocumentScore> holders;
  const auto holding = postings_.find(held);
  if (holding == postings_.end()) return holders;
  for (const Posting& posting : holding->second) {
    if (is_live(posting.document)) holders.push_back({posting.document, 0});
  }
  for (const WeightedTerm& term : terms) {
    const auto found = postings_.find(term.term);
    if (found == postings_.end()) continue;
    const double factor = term.weight * rarity_of(found->second);
    auto holder = holders.begin();
    for (const Posting& posting : found->second) {
      while (holder != holders.end() && holder->document < posting.document) ++holder;
      if (holder == holders.end()) break;
      if (holder->document == posting.document) holder->score += factor * saturate(posting.count, kChunkSaturation, 1);
    }
  }
  return holders;
}

double LexicalIndex::rarity_of(const Postings& postings) const {
  std::size_t with = postings.size();
  if (removed_documents_ > 0) {
    with = static_cast<std::size_t>(
        std::ranges::count_if(postings, [this](const Posting& posting) { return is_live(posting.document); }));
  }
  return with == 0 ? 0 : inverse_frequency(live_documents_, with);
}

std::vector<bool> LexicalIndex::holds_all(std::span<const TermId> terms) const {
  std::vector<bool> holds(lengths_.size());
  for (std::uint32_t document = 0; document < lengths_.size(); ++document) holds[document] = is_live(document);
  for (const TermId term : terms) {
    std::vector<bool> also(lengths_.size());
    const auto found = postings_.find(term);
    if (found == postings_.end()) return also;
    for (const Posting& posting : found->second) also[posting.document] = holds[posting.document];
    holds = std::move(also);
  }
  return holds;
}

std::vector<float> LexicalIndex::document_norms() const {
  const std::size_t live = std::max<std::size_t>(live_documents_, 1);
  const double mean = static_cast<double>(total_length_) / static_cast<double>(live);
  const auto slope = static_cast<float>(kChunkSaturation * kLengthShare / mean);
  const auto least = static_cast<float>(length_norm(kChunkSaturation, 0));
  std::vector<float> norms(lengths_.size());
  for (std::size_t i = 0; i < norms.size(); ++i) {
    constexpr float kRemoved = std::numeric_limits<float>::infinity();
    norms[i] = lengths_[i] == 0 ? kRemoved : least + slope * static_cast<float>(lengths_[i]);
  }
  return norms;
}

void LexicalIndex::score_documents(const Postings& postings, double factor, const std::vector<float>& norms,
                                   std::vector<float>& scores) {
  const auto most = static_cast<float>(factor * (kChunkSaturation + 1));
  for (const Posting& posting : postings) {
    const auto count = static_cast<float>(posting.count);
    scores[posting.document] += most * count / (count + norms[posting.document]);
  }
}

void LexicalIndex::score_files(const Postings& postings, double weight, std::vector<float>& scores) const {
  struct FileCount {
    std::uint32_t file = 0;
    double count = 0;
  };
  std::vector<FileCount> counts;
  counts.reserve(std::min(postings.size(), live_files_));
  const bool all_live = removed_documents_ == 0;
  for (const Posting& posting : postings) {
    if (!all_live && !is_live(posting.document)) continue;
    const std::uint32_t file = file_of_[posting.document];
    if (counts.empty() || counts.back().file != file) counts.push_back({file, 0});
    counts.back().count += posting.count;
  }
  if (counts.empty()) return;
  const double factor = weight * inverse_frequency(live_files_, counts.size());
  const double mean = static_cast<double>(total_length_) / static_cast<double>(live_files_);
  for (const FileCount& entry : counts) {
    const double relative_length = static_cast<double>(file_lengths_[entry.file]) / mean;
    scores[entry.file] += static_cast<float>(factor * saturate(entry.count, kFileSaturation, relative_length));
  }
}

}  // namespace codehelper
