#include "codehelper/retrieve/retriever.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "codehelper/index/text_analysis.hpp"
#include "hit_list.hpp"
#include "question.hpp"
#include "rank_fusion.hpp"

namespace codehelper {
namespace {

/// Of each leg; enough that the file's words and its best chunk meet.
constexpr std::size_t kCandidates = 100;

}  // namespace

Task<Result<SearchResult>> Retriever::search(RequestContext context, Project project, SearchRequest request) {
  auto marker = co_await store_.load_marker(context, project);
  if (!marker) co_return std::unexpected(marker.error());
  if (!*marker || !(*marker)->is_searchable()) {
    co_return fail(ErrorCode::not_found,
                   fmt::format("{} has no finished index: POST /project with its path, and wait until it is ready",
                               project.root.string()));
  }
  SearchResult result;
  result.index = std::move(**marker);
  if (result.index.embedder != embedder_.identity()) {
    co_return fail(
        ErrorCode::conflict,
        fmt::format(
            "the index of {} was made with the embedder {}, this server uses {}: index again (POST /project with "
            "\"reindex\": true)",
            project.root.string(), result.index.embedder, embedder_.identity()));
  }
  ChunkQuery query;
  query.terms = make_query_terms(request.question);
  query.limit = std::max(kCandidates, request.limit);
  if (query.terms.empty()) co_return result;
  std::vector<std::string> texts{request.question};
  auto vectors = co_await embedder_.embed(context, std::move(texts));
  if (!vectors) co_return std::unexpected(vectors.error());
  if (!vectors->empty()) query.embedding = std::move(vectors->front());
  auto hits = co_await store_.query(context, std::move(project), std::move(query));
  if (!hits) co_return std::unexpected(hits.error());
  result.index.is_warming = hits->is_warming;
  result.hits = make_hit_list(fuse_hits(read_question(request.question), std::move(*hits)), request.limit,
                              request.max_hits_per_file);
  co_return result;
}

}  // namespace codehelper
