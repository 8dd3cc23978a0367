// GET /openapi.json tells of every route, and of no other.
#include <catch2/catch.hpp>

#include <set>

#include "api/api_fixture.hpp"
#include "codehelper/api/openapi.hpp"
#include "codehelper/base/text.hpp"
#include "support/mcp_fixture_tools.hpp"

using namespace codehelper;
namespace json = boost::json;

namespace {

std::set<std::string> documented_calls() {
  std::set<std::string> calls;
  const json::object document = make_openapi_document();
  for (const auto& [path, operations] : document.at("paths").as_object()) {
    for (const auto& operation : operations.as_object()) {
      calls.insert(std::string(operation.key()) + " " + std::string(path));
    }
  }
  return calls;
}

}  // namespace

TEST_CASE_METHOD(test::ApiFixture, "openapi: the document has every route of the Crew API, and no other") {
  test::McpFixtureTools tools;
  Router router;
  add_base_routes(router, metrics);
  add_api_routes(router, api);
  add_mcp_routes(router, {tools, chat_runs});

  std::set<std::string> routed;
  for (const Route& route : router.routes()) {
    if (!route.path.ends_with('/')) routed.insert(to_lower_ascii(route.method) + " " + route.path);
  }

  CHECK(documented_calls() == routed);
}
