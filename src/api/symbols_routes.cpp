#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/api/wire.hpp"
#include "codehelper/base/json_fields.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMaxPlaces = 1000;

json::object to_json(const FoundDefinition& found) {
  return {{"path", found.path},
          {"line", found.definition.line},
          {"end_line", found.definition.end_line},
          {"kind", found.definition.kind},
          {"symbol", found.definition.symbol},
          {"signature", found.signature}};
}

json::object to_json(const FoundReference& found) {
  return {{"path", found.path}, {"line", found.line}, {"text", found.text}};
}

template <class Found>
json::array list_places(const std::vector<Found>& places) {
  json::array list;
  for (const auto& place : places) list.push_back(to_json(place));
  return list;
}

Task<Result<HttpReply>> post_symbols(ApiServices& services, RequestContext context, HttpRequest, json::object body) {
  auto name = required_text(body, "name");
  if (!name) co_return std::unexpected(name.error());
  auto project_path = optional_string(body, "project_path");
  if (!project_path) co_return std::unexpected(project_path.error());
  auto short_project = optional_string(body, "project");
  if (!short_project) co_return std::unexpected(short_project.error());
  const auto limit = optional_integer(body, "limit", 1, kMaxPlaces);
  if (!limit) co_return std::unexpected(limit.error());
  const auto named = *project_path ? *project_path : *short_project;
  auto project = co_await services.projects->resolve(context, named);
  if (!project) co_return std::unexpected(project.error());

  SymbolQuery query;
  query.name = std::move(*name);
  if (*limit) query.limit = static_cast<std::size_t>(**limit);
  const auto found = co_await services.symbols->find_symbol(context, std::move(*project), std::move(query));
  if (!found) co_return make_search_error_reply(found.error(), context.request_id);
  const json::object answer{{"definitions", list_places(found->definitions)},
                            {"references", list_places(found->references)},
                            {"definition_count", found->definition_count},
                            {"reference_count", found->reference_count},
                            {"complete", found->is_complete}};
  co_return make_json_reply(json::serialize(answer));
}

}  // namespace

void add_symbols_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "POST";
  route.path = "/symbols";
  route.scopes = Scope::read;
  route.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_symbols(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(route));
}

}  // namespace codehelper
