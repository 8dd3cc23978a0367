// What a caller gets for a wrong call, and for each kind of failure behind a route.
#include <catch2/catch.hpp>

#include "api/api_fixture.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;
namespace json = boost::json;

namespace {

constexpr const char* kPostRoutes[] = {"/project", "/search", "/symbols", "/chat", "/run", "/execute"};

}  // namespace

TEST_CASE_METHOD(ApiFixture, "errors: text that is no JSON is 400 on every route that takes JSON") {
  for (const char* route : kPostRoutes) {
    for (const char* body : {"", "{", "{\"message\":}", "{} {}", "\xFF"}) {
      const ApiAnswer answer = post_text(route, body);

      CAPTURE(route, body);
      CHECK(answer.status == 400);
      CHECK(answer.json().at("error") == "malformed");
      CHECK_FALSE(answer.json().at("request_id").as_string().empty());
    }
  }
}

TEST_CASE_METHOD(ApiFixture, "errors: JSON that is no object is 422, another media type is 415") {
  for (const char* route : kPostRoutes) {
    const ApiAnswer list = post_text(route, "[]");
    const ApiAnswer form = post_text(route, "{}", "application/x-www-form-urlencoded");

    CAPTURE(route);
    CHECK(list.status == 422);
    CHECK(form.status == 415);
    CHECK(form.json().at("error") == "unsupported_media_type");
  }
}

TEST_CASE_METHOD(ApiFixture, "errors: a field that is missing or wrong is 422 and named") {
  struct Example {
    const char* route;
    const char* body;
    const char* field;
  };
  for (const Example& example : std::vector<Example>{
           {"/project", R"({})", "project_path"},
           {"/project", R"({"project_path":1})", "project_path"},
           {"/project", R"({"project_path":"/tmp","pinned_repo":[]})", "pinned_repo"},
           {"/project", R"({"project_path":"/tmp","reindex":"yes"})", "reindex"},
           {"/search", R"({})", "query"},
           {"/search", R"({"query":null})", "query"},
           {"/search", R"({"query":"x","project_path":{}})", "project_path"},
           {"/search", R"({"query":"x","limit":0})", "limit"},
           {"/search", R"({"query":"x","limit":201})", "limit"},
           {"/search", R"({"query":"x","limit":1.5})", "limit"},
           {"/search", R"({"query":"x","limit":"5"})", "limit"},
           {"/chat", R"({})", "message"},
           {"/chat", R"({"message":"  \n"})", "message"},
           {"/chat", R"({"message":"x","project_path":7})", "project_path"},
           {"/chat", R"({"message":"x","pinned_repo":7})", "pinned_repo"},
           {"/chat", R"({"message":"x","conversation_id":7})", "conversation_id"},
           {"/chat", R"({"message":"x","attachments":"y"})", "attachments"},
           {"/chat", R"({"message":"x","attachments":[{"name":"y"}]})", "attachments"},
           {"/chat", R"({"message":"x","attachments":[1]})", "attachments"},
           {"/run", R"({"action":"run_tests"})", "project_path"},
           {"/run", R"({"project_path":"/tmp"})", "action"},
           {"/run", R"({"project_path":"/tmp","action":"deploy"})", "action"},
           {"/run", R"({"project_path":"/tmp","action":"verify","command":[]})", "command"},
           {"/run", R"({"project_path":"/tmp","action":"verify","command":"pytest"})", "command"},
           {"/run", R"({"project_path":"/tmp","action":"verify","command":[1]})", "command"},
           {"/execute", R"({"command":["pytest"]})", "project_path"},
           {"/execute", R"({"project_path":"/tmp"})", "command"},
           {"/execute", R"({"project_path":"/tmp","command":["pytest"],"cwd":1})", "cwd"},
           {"/execute", R"({"project_path":"/tmp","command":["pytest"],"env":[]})", "env"},
           {"/execute", R"({"project_path":"/tmp","command":["pytest"],"env":{"A":1}})", "env"},
           {"/execute", R"({"project_path":"/tmp","command":["pytest"],"timeout_seconds":0})", "timeout_seconds"},
           {"/execute", R"({"project_path":"/tmp","command":["pytest"],"timeout_seconds":"1"})", "timeout_seconds"},
       }) {
    const ApiAnswer answer = post_text(example.route, example.body);

    CAPTURE(example.route, example.body);
    CHECK(answer.status == 422);
    CHECK(answer.json().at("error") == "invalid_field");
    CHECK_THAT(std::string(answer.json().at("message").as_string()),
               Catch::Contains("\"" + std::string(example.field)));
  }
  CHECK(runner.asked.empty());
  CHECK(jobs.started.empty());
}

TEST_CASE_METHOD(ApiFixture, "errors: each kind of failure has its status and name") {
  struct Example {
    ErrorCode code;
    int status;
    const char* name;
  };
  for (const Example& example : std::vector<Example>{
           {ErrorCode::malformed, 400, "malformed"},
           {ErrorCode::invalid_input, 400, "invalid_input"},
           {ErrorCode::unauthorized, 401, "unauthorized"},
           {ErrorCode::not_found, 404, "not_indexed"},
           {ErrorCode::conflict, 409, "other_embedder"},
           {ErrorCode::too_large, 413, "too_large"},
           {ErrorCode::invalid_field, 422, "invalid_field"},
           {ErrorCode::internal, 500, "internal_error"},
           {ErrorCode::unavailable, 502, "unavailable"},
           {ErrorCode::overloaded, 503, "overloaded"},
           {ErrorCode::timeout, 504, "timeout"},
       }) {
    store.failure = Error{example.code, "the detail"};

    const ApiAnswer answer = post("/search", {{"query", "x"}, {"project_path", repo()}});

    CAPTURE(example.name);
    CHECK(answer.status == example.status);
    CHECK(answer.json().at("error") == example.name);
    CHECK(answer.json().at("request_id").as_string() == answer.headers.find("X-Request-Id").value());
    const bool is_internal = example.code == ErrorCode::internal;
    const char* const message = is_internal ? "An internal error occurred." : "the detail";
    CHECK(answer.json().at("message").as_string() == message);
  }
}

TEST_CASE_METHOD(ApiFixture, "errors: an unknown route is 404, a wrong method 405 with Allow") {
  const ApiAnswer unknown = call({.method = "GET", .target = "/nothing"});
  const ApiAnswer wrong = call({.method = "GET", .target = "/chat"});

  CHECK(unknown.status == 404);
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.find("Allow").value() == "POST");
}

TEST_CASE_METHOD(ApiFixture, "errors: a project that was never posted or lies outside the root is told") {
  CHECK(post("/search", {{"query", "x"}}).status == 404);
  CHECK(post("/search", {{"query", "x"}, {"project_path", "/"}}).status == 400);
  CHECK(post("/chat", {{"message", "x"}, {"project_path", "/"}}).status == 400);
  CHECK(post("/run", {{"project_path", "/"}, {"action", "run_tests"}}).status == 400);
}
