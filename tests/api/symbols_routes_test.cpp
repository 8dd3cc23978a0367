#include <catch2/catch.hpp>

#include "api/api_fixture.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;
namespace json = boost::json;

TEST_CASE_METHOD(ApiFixture, "symbols: gives where a name is declared and used") {
  Chunk chunk;
  chunk.path = "parser.py";
  chunk.language = "python";
  chunk.start_line = 11;
  chunk.end_line = 14;
  chunk.text = "def parse(text):\n    return text\n\nparse('x')\n";
  store.fill(embedder->identity(), {std::move(chunk)});

  for (const char* field : {"project", "project_path"}) {
    const ApiAnswer answer = post("/symbols", {{"name", "parse"}, {field, repo()}});

    REQUIRE(answer.status == 200);
    const json::object body = answer.json();
    CHECK(body.at("definitions") == json::array{{{"path", "parser.py"},
                                                 {"line", 11},
                                                 {"end_line", 12},
                                                 {"kind", "function"},
                                                 {"symbol", "parse"},
                                                 {"signature", "def parse(text):"}}});
    CHECK(body.at("references") == json::array{{{"path", "parser.py"}, {"line", 14}, {"text", "parse('x')"}}});
    CHECK(body.at("definition_count") == 1);
    CHECK(body.at("reference_count") == 1);
    CHECK(body.at("complete") == true);
  }
}

TEST_CASE_METHOD(ApiFixture, "symbols: a wrong field is 422, a project without an index 404, in the one envelope") {
  for (const char* body : {R"({})", R"({"name":1})", R"({"name":"x","limit":0})", R"({"name":"x","limit":1001})",
                           R"({"name":"x","project":7})"}) {
    const ApiAnswer answer = post_text("/symbols", body);
    CAPTURE(body);
    CHECK(answer.status == 422);
    CHECK_FALSE(answer.json().at("request_id").as_string().empty());
  }
  CHECK(post("/symbols", {{"name", "::"}, {"project", repo()}}).status == 400);

  store.marker.reset();
  const ApiAnswer missing = post("/symbols", {{"name", "parse"}, {"project", repo()}});
  CHECK(missing.status == 404);
  CHECK(missing.json().at("error") == "not_indexed");
}
