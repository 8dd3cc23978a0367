#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/api/wire.hpp"
#include "codehelper/base/json_fields.hpp"

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

Task<Result<HttpReply>> post_search(ApiServices& services, RequestContext context, HttpRequest, json::object body) {
  auto query = required_string(body, "query");
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
  for (const SearchHit& hit : found->hits) hits.push_back(to_json(hit));
  json::object index = index_to_json(found->index, found->changed_files);
  if (!found->semantic_missing_because.empty()) index["semantic"] = false;
  const json::object answer{{"hits", std::move(hits)}, {"index", std::move(index)}};
  co_return make_json_reply(json::serialize(answer));
}

}  // namespace

void add_search_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "POST";
  route.path = "/search";
  route.body_limit_bytes = 1024 * 1024;
  route.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_search(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(route));
}

}  // namespace codehelper
