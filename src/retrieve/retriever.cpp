#include "codehelper/retrieve/retriever.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "codehelper/index/text_analysis.hpp"
#include "codehelper/retrieve/citation_check.hpp"
#include "hit_list.hpp"
#include "question.hpp"
#include "rank_fusion.hpp"

namespace codehelper {
namespace {

/// Of each leg; enough that the file's words and its best chunk meet.
constexpr std::size_t kCandidates = 100;

/// The part that is read; ends between two characters.
std::string shorten(std::string question) {
  if (question.size() <= kMaxQuestionBytes) return question;
  std::size_t end = kMaxQuestionBytes;
  while (end > 0 && (static_cast<unsigned char>(question[end]) & 0xC0U) == 0x80) --end;
  question.resize(end);
  return question;
}

struct ReadQuestion {
  Question question;
  ChunkQuery query;  // without the embedding
};

ReadQuestion read(std::string_view text, std::size_t limit) {
  ReadQuestion result{read_question(text), {}};
  result.query.terms = make_query_terms(text);
  result.query.limit = std::max(kCandidates, limit);
  if (result.question.subject) result.query.definition = result.question.subject->name;
  return result;
}

}  // namespace

std::unexpected<Error> Retriever::other_embedder(const Project& project, const IndexMarker& index) const {
  return fail(
      ErrorCode::conflict,
      fmt::format("the index of {} was made with another embedder ({}, {} dimensions) than this server has ({}): "
                  "index again (POST /project with \"reindex\": true)",
                  project.root.string(), index.embedder, index.dimension, embedder_.identity()));
}

Task<Result<IndexMarker>> Retriever::find_index(RequestContext context, Project project) {
  auto marker = co_await store_.load_marker(std::move(context), project);
  if (!marker) co_return std::unexpected(marker.error());
  if (!*marker || !(*marker)->is_searchable()) {
    co_return fail(ErrorCode::not_found,
                   fmt::format("{} has no finished index: POST /project with its path, and wait until it is ready",
                               project.root.string()));
  }
  if ((*marker)->embedder != embedder_.identity()) co_return other_embedder(project, **marker);
  co_return std::move(**marker);
}

Task<Result<SearchResult>> Retriever::search(RequestContext context, Project project, SearchRequest request) {
  auto index = co_await find_index(context, project);
  if (!index) co_return std::unexpected(index.error());
  SearchResult result;
  if (freshness_ != nullptr) {
    result.changed_files = co_await freshness_->refresh(context, project);
    index = co_await find_index(context, project);
    if (!index) co_return std::unexpected(index.error());
  }
  result.index = std::move(*index);
  std::string text = shorten(std::move(request.question));
  auto reading = [&text, limit = request.limit] { return read(text, limit); };
  ReadQuestion asked = co_await loop_.run_blocking(std::move(reading));
  if (asked.query.terms.empty()) co_return result;
  std::vector<std::string> texts;
  texts.push_back(std::move(text));
  auto vectors = co_await embedder_.embed(context, TextRole::question, std::move(texts));
  if (!vectors && vectors.error().code == ErrorCode::cancelled) co_return std::unexpected(vectors.error());
  const std::uint64_t dimension = result.index.dimension;  // 0 = the marker doesn't say
  const bool is_other = vectors && dimension != 0 && vectors->front().size() != dimension;
  if (is_other) co_return other_embedder(project, result.index);
  if (vectors) asked.query.embedding = std::move(vectors->front());
  if (!vectors) {
    context.log.warning("question_not_embedded", {{"cause", vectors.error().message}});
    result.semantic_missing_because = std::move(vectors.error().message);
  }
  auto hits = co_await store_.query(context, project, std::move(asked.query));
  if (!hits) co_return std::unexpected(hits.error());
  result.index.is_warming = hits->is_warming;
  auto fusing = [question = std::move(asked.question), hits = std::move(*hits), limit = request.limit,
                 per_file = request.max_hits_per_file, weight = embedder_.weight(),
                 root = freshness_ == nullptr ? std::filesystem::path() : project.root]() mutable {
    auto list = make_hit_list(fuse_hits(question, std::move(hits), weight), limit, per_file);
    return root.empty() ? list : keep_true_hits(root, std::move(list));
  };
  result.hits = co_await loop_.run_blocking(std::move(fusing));
  co_return result;
}

}  // namespace codehelper
