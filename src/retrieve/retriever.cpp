#include "codehelper/retrieve/retriever.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "codehelper/index/text_analysis.hpp"
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

/// A phrase is checked in the text of this many candidates, which hold its words already.
constexpr std::size_t kPhraseCandidates = 300;

struct ReadQuestion {
  std::string text;  // without filters
  Question question;
  ChunkQuery query;  // without the embedding
};

ReadQuestion read(std::string_view text, std::size_t limit) {
  ReadQuestion result;
  NarrowedQuestion narrowed = read_narrowing(text);
  result.text = narrowed.text;
  result.question = read_question(std::move(narrowed));
  result.query.terms = make_query_terms(result.text);
  result.query.limit = std::max(result.question.narrowing.phrases.empty() ? kCandidates : kPhraseCandidates, limit);
  result.query.filter = result.question.narrowing.filter;
  if (result.question.subject) result.query.definition = result.question.subject->name;
  return result;
}

std::vector<AskedTerm> list_terms(std::vector<QueryTerm> terms, const std::vector<double>& rarities) {
  std::vector<AskedTerm> asked;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    asked.push_back({std::move(terms[i].text), terms[i].weight, i < rarities.size() ? rarities[i] : 0});
  }
  const auto key = [](const AskedTerm& term) { return std::tuple(-term.weight * term.rarity, term.text); };
  std::ranges::sort(asked, {}, key);
  return asked;
}

/// Why a search that a filter narrows has found nothing.
std::string explain_nothing(const ChunkFilter& filter) {
  return fmt::format("nothing in this index passes {}{}{}: leave out path: and lang: to search everywhere",
                     filter.paths.empty() ? "" : fmt::format("path:{}", fmt::join(filter.paths, ", path:")),
                     filter.paths.empty() || filter.languages.empty() ? "" : " and ",
                     filter.languages.empty() ? "" : fmt::format("lang:{}", fmt::join(filter.languages, ", lang:")));
}

/// The hits of one question as it was read; the marker is the caller's.
Task<Result<SearchResult>> rank(RequestContext context, EventLoop& loop, VectorStore& store, Project project,
                                ReadQuestion asked, SearchRequest request) {
  std::vector<QueryTerm> terms = asked.query.terms;
  auto hits = co_await store.query(context, std::move(project), std::move(asked.query));
  if (!hits) co_return std::unexpected(hits.error());
  auto fusing = [question = std::move(asked.question), terms = std::move(terms), hits = std::move(*hits),
                 limit = request.limit, per_file = request.max_hits_per_file]() mutable {
    SearchResult result;
    result.index.is_warming = hits.is_warming;
    const std::vector<double> rarities = hits.rarities;
    HitList list = make_hit_list(fuse_hits(question, terms, std::move(hits)), limit, per_file);
    result.hits = std::move(list.hits);
    result.cut = std::move(list.cut);
    result.terms = list_terms(std::move(terms), rarities);
    return result;
  };
  co_return co_await loop.run_blocking(std::move(fusing));
}

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
  const std::string text = shorten(std::move(request.question));
  auto reading = [&text, limit = request.limit] { return read(text, limit); };
  ReadQuestion asked = co_await loop_.run_blocking(std::move(reading));
  if (asked.query.terms.empty()) co_return result;
  std::vector<std::string> texts;
  texts.push_back(asked.text);
  auto vectors = co_await embedder_.embed(context, std::move(texts));
  if (!vectors) co_return std::unexpected(vectors.error());
  if (!vectors->empty()) asked.query.embedding = std::move(vectors->front());
  auto found = co_await rank(context, loop_, store_, project, asked, request);
  Narrowing& narrowing = asked.question.narrowing;
  if (found && found->hits.empty() && !narrowing.phrases.empty()) {
    result.notes.push_back(fmt::format("no place holds \"{}\": its words were looked for one by one",
                                       fmt::join(narrowing.phrases, "\" and \"")));
    narrowing.drop_phrases();
    asked.query.filter = narrowing.filter;
    found = co_await rank(context, loop_, store_, std::move(project), asked, request);
  }
  if (!found) co_return std::unexpected(found.error());
  result.index.is_warming = found->index.is_warming;
  if (found->hits.empty() && !narrowing.filter.empty()) result.notes.push_back(explain_nothing(narrowing.filter));
  found->index = std::move(result.index);
  found->notes = std::move(result.notes);
  co_return found;
}

}  // namespace codehelper
