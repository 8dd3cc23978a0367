#include <algorithm>
#include <catch2/catch.hpp>

#include "api/api_fixture.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;
namespace json = boost::json;

TEST_CASE_METHOD(ApiFixture, "search: gives places with their text, and the index they are from") {
  const ApiAnswer answer = post("/search", {{"query", "parse headers"}, {"project_path", repo()}});

  REQUIRE(answer.status == 200);
  const json::object hit = answer.json().at("hits").as_array().at(0).as_object();
  CHECK(hit.at("path") == "parser.py");
  CHECK(hit.at("start_line") == 1);
  CHECK(hit.at("end_line") == 2);
  CHECK(hit.at("text") == "def parse_headers(text):\n    return text.split()\n");
  CHECK(hit.at("symbol") == "parse_headers");
  CHECK(hit.at("score").as_double() > 0);
  CHECK(answer.json().at("index").at("embedder").as_string() == embedder->identity());
}

TEST_CASE_METHOD(ApiFixture, "search: gives no more than it is asked for, of the current project when none is named") {
  std::vector<Chunk> chunks;
  for (const char* path : {"a.py", "b.py", "c.py"}) {
    Chunk chunk;
    chunk.path = path;
    chunk.text = std::string("# headers of ") + path + "\n";
    chunks.push_back(std::move(chunk));
  }
  store.fill(embedder->identity(), std::move(chunks));
  REQUIRE(post("/project", {{"project_path", repo()}}).status == 200);

  const ApiAnswer answer = post("/search", {{"query", "headers"}, {"limit", 2}});

  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("hits").as_array().size() == 2);
}

TEST_CASE_METHOD(ApiFixture, "search: a project without an index says what to do") {
  store.marker.reset();

  const ApiAnswer answer = post("/search", {{"query", "headers"}, {"project_path", repo()}});

  CHECK(answer.status == 404);
  CHECK(answer.json().at("error") == "not_indexed");
  CHECK_THAT(answer.text, Catch::Contains("POST /project"));
}

TEST_CASE_METHOD(ApiFixture, "search: explains itself when it is asked to, and only then") {
  const json::object body{{"query", "parse headers"}, {"project_path", repo()}};

  const ApiAnswer plain = post("/search", body);
  const ApiAnswer explained = post("/search?explain=1", body);
  const ApiAnswer wrong = post("/search?explain=please", body);

  REQUIRE(plain.status == 200);
  CHECK_FALSE(plain.json().contains("explain"));
  CHECK_FALSE(plain.json().at("hits").as_array().at(0).as_object().contains("evidence"));
  REQUIRE(explained.status == 200);
  CHECK(explained.json().at("hits").as_array().at(0).as_object().at("evidence").as_object().at("words").as_double() >
        0);
  const json::array terms = explained.json().at("explain").at("terms").as_array();
  CHECK(std::ranges::any_of(terms, [](const json::value& term) { return term.at("text") == "pars"; }));
  CHECK(explained.json().at("explain").at("cut").is_array());
  CHECK(wrong.status == 400);
  CHECK_THAT(wrong.text, Catch::Contains("explain"));
}

TEST_CASE_METHOD(ApiFixture, "search: a blank question is no question") {
  const ApiAnswer answer = post("/search", {{"query", " \n"}, {"project_path", repo()}});

  CHECK(answer.status == 422);
  CHECK_THAT(answer.text, Catch::Contains("\"query\\\""));
}

TEST_CASE_METHOD(ApiFixture, "search: a filter that nothing passes is said") {
  const ApiAnswer answer = post("/search", {{"query", "parse headers lang:cobol"}, {"project_path", repo()}});

  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("hits").as_array().empty());
  CHECK_THAT(answer.text, Catch::Contains("lang:cobol"));
}
