#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/api/wire.hpp"
#include "codehelper/base/json_fields.hpp"
#include "query_fields.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMaxHits = 200;

json::object to_json(const SearchHit& hit) {
  json::object object{{"path", hit.path},         {"start_line", hit.start_line},
                      {"end_line", hit.end_line}, {"language", hit.language},
                      {"text", hit.text},         {"score", hit.score}};
  if (!hit.symbol.empty()) object["symbol"] = hit.symbol;
  return object;
}

json::object to_json(const HitEvidence& evidence) {
  return {{"words", evidence.words},
          {"semantic", evidence.semantic},
          {"learned", evidence.learned},
          {"bonus", evidence.bonus},
          {"file_best_place", evidence.file_best_place},
          {"file_words", evidence.file_words},
          {"file_semantic", evidence.file_semantic},
          {"file_learned", evidence.file_learned},
          {"file_path", evidence.file_path},
          {"file_scope", evidence.file_scope},
          {"file_length", evidence.file_length},
          {"file_folder", evidence.file_folder},
          {"file_history", evidence.file_history},
          {"file_bonus", evidence.file_bonus},
          {"prior", evidence.prior}};
}

/// What the ranking was made of: the words that were looked up, and the places that are no hits of their own.
json::object explain(const SearchResult& found) {
  json::array terms;
  for (const AskedTerm& term : found.terms) {
    terms.push_back({{"text", term.text}, {"weight", term.weight}, {"rarity", term.rarity}});
  }
  json::array cut;
  for (const CutPlace& place : found.cut) {
    cut.push_back({{"path", place.path},
                   {"start_line", place.start_line},
                   {"end_line", place.end_line},
                   {"score", place.score},
                   {"reason", to_string(place.reason)}});
  }
  return {{"terms", std::move(terms)}, {"cut", std::move(cut)}};
}

Task<Result<HttpReply>> post_search(ApiServices& services, RequestContext context, HttpRequest request,
                                    json::object body) {
  const auto is_explained = query_flag(request, "explain");
  if (!is_explained) co_return std::unexpected(is_explained.error());
  auto query = required_text(body, "query");
  if (!query) co_return std::unexpected(query.error());
  const auto project_path = optional_string(body, "project_path");
  if (!project_path) co_return std::unexpected(project_path.error());
  const auto limit = optional_integer(body, "limit", 1, kMaxHits);
  if (!limit) co_return std::unexpected(limit.error());
  auto project = co_await services.projects->resolve(context, *project_path);
  if (!project) co_return std::unexpected(project.error());

  SearchRequest search;
  search.question = std::move(*query);
  if (*limit) search.limit = static_cast<std::size_t>(**limit);
  const auto found = co_await services.retriever->search(context, std::move(*project), std::move(search));
  if (!found) co_return make_search_error_reply(found.error(), context.request_id);
  json::array hits;
  for (const SearchHit& hit : found->hits) {
    json::object object = to_json(hit);
    if (*is_explained) object["evidence"] = to_json(hit.evidence);
    hits.push_back(std::move(object));
  }
  json::object index = index_to_json(found->index, found->changed_files);
  if (!found->semantic_missing_because.empty()) index["semantic"] = false;
  json::object answer{{"hits", std::move(hits)}, {"index", std::move(index)}};
  if (!found->notes.empty()) answer["notes"] = json::value_from(found->notes);
  if (*is_explained) answer["explain"] = explain(*found);
  co_return make_json_reply(json::serialize(answer));
}

}  // namespace

void add_search_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "POST";
  route.path = "/search";
  route.scopes = Scope::read;
  route.body_limit_bytes = 1024 * 1024;
  route.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_search(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(route));
}

}  // namespace codehelper
