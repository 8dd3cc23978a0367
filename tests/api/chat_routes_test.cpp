#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

#include "api/api_fixture.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;
using codehelper::test::data_of;
namespace json = boost::json;

namespace {

struct ChatFixture : ApiFixture {
  json::object body(const char* message) const { return {{"message", message}, {"project_path", repo()}}; }

  // The same question both ways: the last event is the whole answer but for what is new each time.
  json::object ask_both_ways(const char* message) {
    const ApiAnswer whole = post("/chat", body(message));
    const auto events = stream("/chat", body(message));
    REQUIRE(whole.status == 200);
    REQUIRE_FALSE(events.empty());
    CHECK(events.front().event == "started");
    CHECK(events.back().event == "done");
    json::object answer = whole.json();
    json::object last = data_of(events.back());
    json::array told;
    for (std::size_t i = 0; i < events.size(); ++i) {
      CHECK(events[i].id == std::to_string(i + 1));
      if (events[i].event == "step") told.push_back(data_of(events[i]));
    }
    CHECK(told == last.at("steps").as_array());
    CHECK_FALSE(answer.at("conversation_id").as_string().empty());
    CHECK(data_of(events.front()).at("run_id") == last.at("run_id"));
    for (json::object* object : {&answer, &last}) {
      object->erase("conversation_id");
      object->erase("run_id");
      for (json::value& step : object->at("steps").as_array()) step.as_object().erase("seconds");
    }
    CHECK(last == answer);
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

TEST_CASE_METHOD(ChatFixture, "chat: more attachments than a prompt can name are refused") {
  json::object asked = body("where is parse_headers");
  asked["attachments"] = json::array(32, "a text");
  CHECK(post("/chat", asked).status == 200);
  asked["attachments"] = json::array(33, "a text");

  const ApiAnswer answer = post("/chat", asked);

  CHECK(answer.status == 422);
  CHECK_THAT(std::string(answer.json().at("message").as_string()), Catch::Contains("attachments"));
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

namespace {

// A reader of a stream that leaves after a while.
struct EarlyReader {
  explicit EarlyReader(ApiFixture& used) : fixture(used) {}

  /// Until an event of that name has come.
  std::vector<SseEvent> read_until(const json::object& body, std::string name) {
    std::vector<SseEvent> events;
    HttpCall call{.method = "POST", .target = "/chat", .body = json::serialize(body)};
    call.headers.add("Accept", "text/event-stream");
    SseParser parser;
    HttpClient::BodySink sink = [&](std::string_view piece) -> Task<Result<void>> {
      auto parsed = parser.feed(piece);
      events.insert(events.end(), parsed->begin(), parsed->end());
      const bool is_there = std::ranges::any_of(events, [&](const SseEvent& event) { return event.event == name; });
      if (is_there) co_return fail(ErrorCode::cancelled, "enough");
      co_return Result<void>{};
    };
    (void)run_until_done(fixture.loop, fixture.client->stream({}, std::move(call), std::move(sink)));
    return events;
  }

  ApiFixture& fixture;
};

std::vector<SseEvent> parse_events(const std::string& text) {
  SseParser parser;
  return parser.feed(text).value();
}

}  // namespace

TEST_CASE_METHOD(ChatFixture, "chat: a run is read again from any event on, also after its end") {
  const auto events = stream("/chat", body("where is parse_headers"));
  const std::string run_id(data_of(events.front()).at("run_id").as_string());

  HttpCall call{.target = "/chat/" + run_id + "/events"};
  call.headers.add("Last-Event-ID", "2");
  const auto rest = parse_events(this->call(std::move(call)).text);
  const auto all = parse_events(this->call({.target = "/chat/" + run_id + "/events"}).text);

  CHECK(all == events);
  CHECK(rest == std::vector<SseEvent>(events.begin() + 2, events.end()));
  CHECK(this->call({.target = "/chat/none/events"}).status == 404);
  CHECK(this->call({.target = "/chat/" + run_id + "/events?last_event_id=x"}).status == 400);
}

TEST_CASE_METHOD(ChatFixture,
                 "chat: a reader's leaving ends the run, unless it is to go on; then its end can be read") {
  runner.waits = true;
  const auto left = EarlyReader(*this).read_until(body("run the tests"), "started");
  const std::string left_id(data_of(left.front()).at("run_id").as_string());
  const auto ended = parse_events(call({.target = "/chat/" + left_id + "/events"}).text);
  CHECK(ended.back().event == "error");
  CHECK(data_of(ended.back()).at("error") == "cancelled");

  json::object asked = body("run the tests");
  asked["on_disconnect"] = "continue";
  const auto kept = EarlyReader(*this).read_until(asked, "started");
  const std::string kept_id(data_of(kept.front()).at("run_id").as_string());
  runner.release();
  const auto done = parse_events(call({.target = "/chat/" + kept_id + "/events"}).text);
  CHECK(done.back().event == "done");
}

TEST_CASE_METHOD(ChatFixture, "chat: a run is stopped on request") {
  runner.waits = true;
  json::object asked = body("run the tests");
  asked["on_disconnect"] = "continue";
  const auto events = EarlyReader(*this).read_until(asked, "started");
  const std::string run_id(data_of(events.front()).at("run_id").as_string());

  CHECK(call({.method = "DELETE", .target = "/chat/" + run_id}).status == 202);
  const auto ended = parse_events(call({.target = "/chat/" + run_id + "/events"}).text);

  CHECK(data_of(ended.back()).at("error") == "cancelled");
  const auto again = call({.method = "DELETE", .target = "/chat/" + run_id});
  CHECK(again.text == R"({"status":"ended"})");
  CHECK(call({.method = "DELETE", .target = "/chat/none"}).status == 404);
  CHECK(post("/chat", {{"message", "x"}, {"on_disconnect", "stay"}}).status == 422);
  CHECK(post("/chat", {{"message", "x"}, {"conversation_id", "../etc"}}).status == 422);
}
