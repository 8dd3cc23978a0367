#include "hit_list.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace codehelper {
namespace {

constexpr int kLongestHit = 150;  // lines
/// A neighbour joins only when it is a hit in its own right: this share of the hit's score.
constexpr double kNeighbourShare = 0.6;

ChosenHit make_hit(FusedChunk fused) {
  Chunk& chunk = fused.chunk;
  const ChosenHit::Part part{fused.id, chunk.start_line, chunk.end_line};
  return {{std::move(chunk.path), std::move(chunk.language), std::move(chunk.symbol), chunk.start_line, chunk.end_line,
           std::string(), fused.score, std::move(chunk.definitions), fused.evidence},
          {part}};
}

bool can_join(const SearchHit& hit, const FusedChunk& fused) {
  const Chunk& chunk = fused.chunk;
  const bool touches = chunk.start_line == hit.end_line + 1 || chunk.end_line + 1 == hit.start_line;
  const int lines = (hit.end_line - hit.start_line + 1) + (chunk.end_line - chunk.start_line + 1);
  return touches && lines <= kLongestHit && fused.score >= kNeighbourShare * hit.score;
}

/// The hit keeps its rank and its symbol.
void join(ChosenHit& chosen, FusedChunk fused) {
  SearchHit& hit = chosen.hit;
  Chunk& chunk = fused.chunk;
  const bool is_below = chunk.start_line > hit.end_line;
  chosen.parts.insert(is_below ? chosen.parts.end() : chosen.parts.begin(),
                      {fused.id, chunk.start_line, chunk.end_line});
  hit.definitions.insert(is_below ? hit.definitions.end() : hit.definitions.begin(), chunk.definitions.begin(),
                         chunk.definitions.end());
  hit.start_line = std::min(hit.start_line, chunk.start_line);
  hit.end_line = std::max(hit.end_line, chunk.end_line);
}

/// Whether all the parts are as they were ranked; then the hit has their text.
bool add_text(ChosenHit& chosen, const ChunksById& chunks) {
  for (const ChosenHit::Part& part : chosen.parts) {
    const auto found = chunks.find(part.id);
    if (found == chunks.end()) return false;
    const Chunk& chunk = found->second;
    const bool is_same =
        chunk.path == chosen.hit.path && chunk.start_line == part.start_line && chunk.end_line == part.end_line;
    if (!is_same) return false;
    chosen.hit.text += chunk.text;
  }
  return true;
}

}  // namespace

std::string_view to_string(CutReason reason) {
  switch (reason) {
    case CutReason::limit:
      return "limit";
    case CutReason::per_file:
      return "per_file";
    case CutReason::joined:
      return "joined";
  }
  return "";
}

HitList make_hit_list(std::vector<FusedChunk> chunks, std::size_t limit, std::size_t max_hits_per_file) {
  HitList list;
  std::map<std::string, std::vector<std::size_t>> places;  // of a file's hits
  for (FusedChunk& fused : chunks) {
    const auto cut = [&](CutReason reason) {
      const Chunk& chunk = fused.chunk;
      list.cut.push_back({chunk.path, chunk.start_line, chunk.end_line, fused.score, reason});
    };
    std::vector<std::size_t>& of_file = places[fused.chunk.path];
    const auto neighbour =
        std::ranges::find_if(of_file, [&](std::size_t place) { return can_join(list.hits[place].hit, fused); });
    if (neighbour != of_file.end()) {
      cut(CutReason::joined);
      join(list.hits[*neighbour], std::move(fused));
    } else if (list.hits.size() >= limit) {
      cut(CutReason::limit);
    } else if (of_file.size() >= max_hits_per_file) {
      cut(CutReason::per_file);
    } else {
      of_file.push_back(list.hits.size());
      list.hits.push_back(make_hit(std::move(fused)));
    }
  }
  return list;
}

std::vector<SearchHit> add_texts(std::vector<ChosenHit> hits, const ChunksById& chunks) {
  std::vector<SearchHit> whole;
  whole.reserve(hits.size());
  for (ChosenHit& chosen : hits) {
    if (add_text(chosen, chunks)) whole.push_back(std::move(chosen.hit));
  }
  return whole;
}

}  // namespace codehelper
