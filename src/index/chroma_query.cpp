#include "chroma_query.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

namespace codehelper {
namespace {

namespace json = boost::json;
using namespace boost::asio::experimental::awaitable_operators;  // && of tasks: both at once, until both are done

/// The text of record `i`; empty when it was not asked for.
std::string_view document_of(const ChromaRecords& records, std::size_t i) {
  return i < records.documents.size() ? std::string_view(records.documents[i]) : std::string_view();
}

std::vector<ScoredChunk> read_neighbours(const ChromaRecords& records) {
  std::vector<ScoredChunk> chunks;
  const std::size_t count = std::min(records.distances.size(), records.metadatas.size());
  for (std::size_t i = 0; i < count; ++i) {
    const double score = 1 - records.distances[i];
    const auto id = parse_chunk_id(records.ids[i]);
    if (!id || score <= 0) continue;
    auto chunk = read_chunk(records.metadatas[i], document_of(records, i));
    if (chunk) chunks.push_back({*id, score, std::move(*chunk)});
  }
  std::ranges::sort(chunks, [](const ScoredChunk& left, const ScoredChunk& right) {
    if (left.score != right.score) return left.score > right.score;
    const int order = left.chunk.path.compare(right.chunk.path);
    return order != 0 ? order < 0 : left.chunk.start_line < right.chunk.start_line;
  });
  return chunks;
}

Task<Result<std::vector<ScoredChunk>>> query_semantic(RequestContext context, const ChromaSearch& search,
                                                      const ChromaIndex& index, const ChunkQuery& query) {
  if (query.embedding.empty() || query.semantic_limit == 0) co_return std::vector<ScoredChunk>{};
  std::string body = fmt::format(
      R"({{"query_embeddings":[[{}]],"n_results":{},"include":["metadatas","distances"{}]}})",
      fmt::join(query.embedding, ","), query.semantic_limit, query.texts == ChunkTexts::all ? R"(,"documents")" : "");
  auto records = co_await search.api.query(std::move(context), index.chunks.id, std::move(body));
  if (!records) co_return std::unexpected(records.error());
  auto read = [records = std::move(*records)] { return read_neighbours(records); };
  co_return co_await search.loop.run_blocking(std::move(read));
}

std::vector<ScoredChunk> join_chunks(const std::vector<IndexSnapshot::RankedChunk>& ranked, const ChunksById& chunks) {
  std::vector<ScoredChunk> joined;
  for (const IndexSnapshot::RankedChunk& entry : ranked) {
    const auto found = chunks.find(entry.id);
    if (found != chunks.end()) joined.push_back({entry.id, entry.score, found->second});
  }
  return joined;
}

/// ChunkHits without its semantic leg.
Task<Result<ChunkHits>> query_lexical(RequestContext context, const ChromaSearch& search, const Project& project,
                                      const ChromaIndex& index, const ChunkQuery& query) {
  ChunkHits hits;
  if (query.terms.empty() && query.definition.empty()) co_return hits;
  const bool can_do_without = !query.embedding.empty();
  Deadline limit = context.deadline;
  if (can_do_without) limit = limit.earlier(Deadline::after(search.warming_wait));
  const auto view = co_await search.snapshots.view(context, project, index, limit);
  if (!view.is_current && !can_do_without) co_return std::unexpected(*view.problem);
  hits.is_warming = !view.is_current;
  if (!view.snapshot->is_built()) co_return hits;

  auto rank = [snapshot = view.snapshot, &query] { return snapshot->rank(query); };
  IndexSnapshot::Ranking ranking = co_await search.loop.run_blocking(std::move(rank));
  std::vector<std::int64_t> ids;
  for (const auto* leg : {&ranking.lexical, &ranking.learned, &ranking.definitions}) {
    for (const IndexSnapshot::RankedChunk& entry : *leg) ids.push_back(entry.id);
  }
  const bool needs_text = query.texts == ChunkTexts::all || !ranking.definitions.empty();
  const auto text = needs_text ? ChromaText::with : ChromaText::without;
  const auto chunks = co_await load_chroma_chunks(context, search, index.chunks.id, std::move(ids), text);
  if (!chunks) co_return std::unexpected(chunks.error());
  hits.lexical = join_chunks(ranking.lexical, *chunks);
  hits.learned = join_chunks(ranking.learned, *chunks);
  hits.definitions = join_chunks(ranking.definitions, *chunks);
  hits.files = std::move(ranking.files);
  hits.rarities = std::move(ranking.rarities);
  co_return hits;
}

}  // namespace

Task<Result<ChunkHits>> query_chroma(RequestContext context, ChromaSearch search, Project project, ChromaIndex index,
                                     ChunkQuery query) {
  auto both = query_semantic(context, search, index, query) && query_lexical(context, search, project, index, query);
  auto legs = co_await std::move(both);
  auto& [semantic, hits] = legs;
  if (!semantic) co_return std::unexpected(semantic.error());
  if (hits) hits->semantic = std::move(*semantic);
  co_return std::move(hits);
}

Task<Result<ChunksById>> load_chroma_chunks(RequestContext context, ChromaSearch search, std::string chunks_id,
                                            std::vector<std::int64_t> ids, ChromaText text) {
  ChunksById chunks;
  if (ids.empty()) co_return chunks;
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  json::array record_ids;
  for (const std::int64_t id : ids) record_ids.emplace_back(format_chunk_id(id));
  json::array include{"metadatas"};
  if (text == ChromaText::with) include.emplace_back("documents");
  json::object body{{"ids", std::move(record_ids)}, {"include", std::move(include)}};
  auto records = co_await search.api.get(std::move(context), std::move(chunks_id), std::move(body));
  if (!records) co_return std::unexpected(records.error());
  for (std::size_t i = 0; i < records->metadatas.size(); ++i) {
    const auto id = parse_chunk_id(records->ids[i]);
    auto chunk = read_chunk(records->metadatas[i], document_of(*records, i));
    if (id && chunk) chunks.emplace(*id, std::move(*chunk));
  }
  co_return chunks;
}

}  // namespace codehelper
