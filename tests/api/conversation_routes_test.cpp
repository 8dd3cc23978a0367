#include <catch2/catch.hpp>

#include "api/api_fixture.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;
namespace json = boost::json;

namespace {

struct ConversationFixture : ApiFixture {
  void append(const std::string& id, const std::string& question, const std::string& project = "/repo") {
    const json::object source{{"path", "a.py"}, {"start_line", 1}, {"end_line", 2}, {"verified", true}};
    json::object answer{{"response", "See `a.py:1-2`."}, {"sources", json::array{source}}};
    ConversationTurn turn{question, std::move(answer), "2026-11-27T10:00:00.000Z"};
    const auto kept = run_until_done(loop, conversations->append({}, id, project, std::move(turn)));
    if (!kept) throw std::runtime_error(kept.error().message);
  }
  ApiAnswer get(const std::string& target, const std::string& accept = "") {
    HttpCall call{.target = target};
    if (!accept.empty()) call.headers.add("Accept", accept);
    return ApiFixture::call(std::move(call));
  }
};

}  // namespace

TEST_CASE_METHOD(ConversationFixture, "conversation routes: lists, by project, text and page") {
  append("a", "where are headers parsed?");
  append("b", "why?", "/other");

  const ApiAnswer all = get("/conversations");
  REQUIRE(all.status == 200);
  CHECK(all.json().at("conversations") == json::array{{{"id", "b"},
                                                       {"title", "why?"},
                                                       {"project_path", "/other"},
                                                       {"updated_at", "2026-11-27T10:00:00.000Z"},
                                                       {"turns", 1}},
                                                      {{"id", "a"},
                                                       {"title", "where are headers parsed?"},
                                                       {"project_path", "/repo"},
                                                       {"updated_at", "2026-11-27T10:00:00.000Z"},
                                                       {"turns", 1}}});
  CHECK(get("/conversations?project_path=/repo").json().at("conversations").as_array().size() == 1);
  CHECK(get("/conversations?text=HEADERS").json().at("conversations").at(0).at("id") == "a");
  CHECK(get("/conversations?limit=1&offset=1").json().at("conversations").at(0).at("id") == "a");
  for (const char* wrong : {"limit=0", "limit=x", "limit=501", "offset=-1", "offset=1.5"}) {
    const ApiAnswer refused = get(std::string("/conversations?") + wrong);
    CAPTURE(wrong);
    CHECK(refused.status == 422);
  }
}

TEST_CASE_METHOD(ConversationFixture, "conversation routes: reads one as JSON and as Markdown") {
  append("a", "where?");

  const json::object body = get("/conversations/a").json();
  CHECK(body.at("title") == "where?");
  CHECK(body.at("turns").at(0).at("question") == "where?");
  CHECK(body.at("turns").at(0).at("answer").at("sources").at(0).at("verified") == true);

  for (const ApiAnswer& answer : {get("/conversations/a", "text/markdown"), get("/conversations/a?format=markdown")}) {
    CHECK(answer.headers.find("Content-Type") == "text/markdown; charset=utf-8");
    CHECK(answer.text ==
          "# where?\n\nProject: `/repo`\n\n## Question (2026-11-27T10:00:00.000Z)\n\nwhere?\n\n## Answer\n\n"
          "See `a.py:1-2`.\n\nSources:\n\n- `a.py:1-2`\n\n");
  }
  CHECK(get("/conversations/nobody").status == 404);
}

TEST_CASE_METHOD(ConversationFixture, "conversation routes: renames and removes") {
  append("a", "where?");

  const auto patch = [&](const std::string& id, const std::string& body) {
    return call({.method = "PATCH", .target = "/conversations/" + id, .body = body});
  };
  CHECK(patch("a", R"({"title":"Headers"})").json().at("title") == "Headers");
  CHECK(patch("a", R"({"title":"  "})").status == 422);
  CHECK(patch("a", R"({})").status == 422);
  CHECK(patch("b", R"({"title":"x"})").status == 404);

  CHECK(call({.method = "DELETE", .target = "/conversations/a"}).status == 204);
  CHECK(call({.method = "DELETE", .target = "/conversations/a"}).status == 404);
  CHECK(get("/conversations").json().at("conversations").as_array().empty());
}

TEST_CASE_METHOD(ConversationFixture, "conversation routes: a damaged file is 503 with the way out") {
  folder.write("data/conversations.db", std::string(8192, 'g'));

  const ApiAnswer answer = get("/conversations");

  CHECK(answer.status == 503);
  CHECK(answer.json().at("error") == "conversations_unavailable");
  CHECK_THAT(answer.text, Catch::Contains("move it away"));
}

TEST_CASE_METHOD(ConversationFixture, "conversation routes: a kept turn names what was attached, without the texts") {
  json::object asked{{"message", "where is parse_headers"}, {"project_path", repo()}, {"conversation_id", "abc"}};
  asked["attachments"] = json::array{json::object{{"name", "log"}, {"text", "a line"}}};

  CHECK(post("/chat", asked).status == 200);

  const json::object kept = get("/conversations/abc").json();
  const json::value& answer = kept.at("turns").as_array().at(0).at("answer");
  CHECK(answer.at("attachments") == json::array{json::object{{"name", "log"}, {"bytes", 6}}});
}
