#include <catch2/catch.hpp>

#include "api/api_fixture.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;
using codehelper::test::data_of;
namespace json = boost::json;

namespace {

struct ChatFixture : ApiFixture {
  json::object body(const char* message) const { return {{"message", message}, {"project_path", repo()}}; }

  // The same question both ways: the last event is the whole answer but for the conversation, which is new each time.
  json::object ask_both_ways(const char* message) {
    const ApiAnswer whole = post("/chat", body(message));
    const auto events = stream("/chat", body(message));
    REQUIRE(whole.status == 200);
    REQUIRE_FALSE(events.empty());
    json::object answer = whole.json();
    json::object last = data_of(events.back());
    CHECK(events.back().event == "done");
    CHECK_FALSE(answer.at("conversation_id").as_string().empty());
    answer.erase("conversation_id");
    last.erase("conversation_id");
    CHECK(last == answer);
    const json::array& steps = answer.at("steps").as_array();
    REQUIRE(events.size() == steps.size() + 1);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      CHECK(events[i].event == "step");
      CHECK(data_of(events[i]) == steps[i]);
    }
    return answer;
  }
};

std::string response_of(const json::object& answer) {
  return std::string(answer.at("response").as_string());
}

}  // namespace

TEST_CASE_METHOD(ChatFixture, "chat: cites places that are verified, whole and as events") {
  const json::object answer = ask_both_ways("where is parse_headers");

  const json::object& source = answer.at("sources").as_array().at(0).as_object();
  CHECK(source.at("path") == "parser.py");
  CHECK(source.at("start_line") == 1);
  CHECK(source.at("end_line") == 2);
  CHECK(source.at("verified") == true);
  CHECK(source.contains("score"));
  CHECK_THAT(response_of(answer), Catch::Contains("def parse_headers(text):"));
}

TEST_CASE_METHOD(ChatFixture, "chat: still answers when retrieval is down, and says so with the cause") {
  store.failure = Error{ErrorCode::unavailable, "the store at http://chroma:8000 refused the connection"};

  const json::object answer = ask_both_ways("where is parse_headers");

  CHECK_THAT(response_of(answer),
             Catch::Contains("retrieval is down: the store at http://chroma:8000 refused the connection"));
  CHECK(answer.at("sources").as_array().empty());
}

TEST_CASE_METHOD(ChatFixture, "chat: still answers when the Runner is down, and says that the run failed") {
  runner.answer = fail(ErrorCode::unavailable, "the Runner at http://runner:8080 refused the connection");

  const json::object answer = ask_both_ways("run the tests and show me where headers are parsed");

  CHECK_THAT(response_of(answer),
             Catch::Contains("the run failed: the Runner at http://runner:8080 refused the connection"));
  CHECK_THAT(response_of(answer), Catch::Contains("def parse_headers(text):"));
}

TEST_CASE_METHOD(ChatFixture, "chat: a Runner that is too slow fails the run, not the chat") {
  runner.answer = fail(ErrorCode::timeout, "the call took longer than its limit");

  CHECK_THAT(response_of(ask_both_ways("run the tests")), Catch::Contains("the run failed: the call took longer"));
}

TEST_CASE_METHOD(ChatFixture, "chat: without an index, or with another embedder's, it says what to do") {
  store.marker->embedder = "another";
  CHECK_THAT(response_of(ask_both_ways("where is parse_headers")), Catch::Contains("reindex"));

  store.marker.reset();
  CHECK_THAT(response_of(ask_both_ways("where is parse_headers")), Catch::Contains("POST /project"));
}

TEST_CASE_METHOD(ChatFixture, "chat: without a project it says how to set one") {
  const ApiAnswer answer = post("/chat", {{"message", "where is parse_headers"}});

  CHECK(answer.status == 200);
  CHECK_THAT(response_of(answer.json()), Catch::Contains("POST /project"));
}

TEST_CASE_METHOD(ChatFixture, "chat: keeps the conversation it is given") {
  json::object asked = body("where is parse_headers");
  asked["conversation_id"] = "abc";
  asked["attachments"] = json::array{"a text", json::object{{"name", "log"}, {"text", "a line"}}};

  const ApiAnswer answer = post("/chat", asked);

  CHECK(answer.status == 200);
  CHECK(answer.json().at("conversation_id") == "abc");
}

TEST_CASE_METHOD(ChatFixture, "chat: a store that takes longer than its own limit is told like one that is down") {
  store.failure = Error{ErrorCode::timeout, "the search took longer than its limit"};

  const ApiAnswer whole = post("/chat", body("where is parse_headers"));
  const auto events = stream("/chat", body("where is parse_headers"));

  CHECK(whole.status == 200);
  CHECK_THAT(std::string(whole.json().at("response").as_string()),
             Catch::Contains("retrieval is down: the search took longer than its limit"));
  REQUIRE_FALSE(events.empty());
  CHECK(events.back().event == "done");
}
