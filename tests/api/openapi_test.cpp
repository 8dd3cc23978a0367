// GET /openapi.json tells of every route, and of no other.
#include <catch2/catch.hpp>

#include <map>

#include "api/api_fixture.hpp"
#include "codehelper/api/openapi.hpp"
#include "codehelper/base/caller.hpp"
#include "codehelper/base/text.hpp"
#include "support/mcp_fixture_tools.hpp"

using namespace codehelper;
namespace json = boost::json;

namespace {

/// The scopes of a call, of which one is needed; empty = no token is.
std::string scopes_of(const json::object& operation) {
  ScopeSet scopes;
  for (const json::value& way : operation.at("security").as_array()) {
    const json::value* token = way.as_object().if_contains("token");
    if (token == nullptr) continue;  // of servers that ask for none
    scopes.add(parse_scope(token->as_array().at(0).as_string()).value());
  }
  return to_string(scopes);
}

/// Calls, each with its scopes.
std::map<std::string, std::string> documented_calls() {
  std::map<std::string, std::string> calls;
  const json::object document = make_openapi_document();
  for (const auto& [path, operations] : document.at("paths").as_object()) {
    for (const auto& operation : operations.as_object()) {
      calls[std::string(operation.key()) + " " + std::string(path)] = scopes_of(operation.value().as_object());
    }
  }
  return calls;
}

}  // namespace

TEST_CASE_METHOD(test::ApiFixture,
                 "openapi: the document has every route of the Crew API with its scopes, and no other") {
  test::McpFixtureTools tools;
  Router router;
  add_base_routes(router, metrics);
  add_api_routes(router, api);
  add_mcp_routes(router, {tools, chat_runs});

  std::map<std::string, std::string> routed;
  for (const Route& route : router.routes()) {
    if (route.path.ends_with('/')) continue;
    routed[to_lower_ascii(route.method) + " " + route.path] = to_string(route.scopes);
  }

  CHECK(documented_calls() == routed);
}
