// OpenAI's API: models, completions whole and as a stream, errors, keys against doing things twice.
#include <catch2/catch.hpp>

#include "api/api_fixture.hpp"
#include "support/fake_language_model.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;
using codehelper::test::data_of;
namespace json = boost::json;

namespace {

constexpr const char* kCompletions = "/v1/chat/completions";

json::object user(const char* text) {
  return {{"role", "user"}, {"content", text}};
}

struct OpenaiFixture : ApiFixture {
  OpenaiFixture() { REQUIRE(post("/project", {{"project_path", repo()}}).status == 200); }

  static json::object body(json::array messages) {
    return {{"model", "codehelper"}, {"messages", std::move(messages)}};
  }
  static json::object ask(const char* text) { return body({user(text)}); }
  /// What a program that shows answers puts together of a stream.
  struct Streamed {
    std::string content;
    std::string reasoning;
    std::string finish_reason;
    std::size_t usages = 0;
    std::vector<json::object> chunks;
    bool is_done = false;
  };
  Streamed stream_completion(json::object asked) {
    asked["stream"] = true;
    const ApiAnswer answer = post(kCompletions, asked);
    REQUIRE(answer.status == 200);
    CHECK(answer.headers.find("Content-Type") == "text/event-stream");
    Streamed streamed;
    SseParser parser;
    const auto events = parser.feed(answer.text);
    for (const SseEvent& event : *events) {
      CHECK(event.event == "message");
      CHECK(event.id.empty());
      streamed.is_done = event.data == "[DONE]";
      if (!streamed.is_done) add(streamed, data_of(event));
    }
    return streamed;
  }
  static void add(Streamed& streamed, const json::object& chunk) {
    streamed.chunks.push_back(chunk);
    if (chunk.contains("usage") && chunk.at("usage").is_object()) ++streamed.usages;
    for (const json::value& choice : chunk.at("choices").as_array()) {
      const json::object& delta = choice.at("delta").as_object();
      if (const auto* text = delta.if_contains("content")) streamed.content += text->as_string();
      if (const auto* text = delta.if_contains("reasoning_content")) streamed.reasoning += text->as_string();
      if (choice.at("finish_reason").is_string()) streamed.finish_reason = choice.at("finish_reason").as_string();
    }
  }
};

std::string content_of(const ApiAnswer& answer) {
  return std::string(answer.json().at("choices").at(0).at("message").at("content").as_string());
}

}  // namespace

TEST_CASE_METHOD(OpenaiFixture, "openai: there is a model for the current project, and one for each that is known") {
  const ApiAnswer list = call({.target = "/v1/models"});
  const ApiAnswer with_slash = call({.target = "/v1/models/"});
  const ApiAnswer one = call({.target = "/v1/models/codehelper:repo"});

  const json::object listed = list.json();
  const json::array& models = listed.at("data").as_array();
  CHECK(list.json().at("object") == "list");
  REQUIRE(models.size() == 2);
  CHECK(models[0].at("id") == "codehelper");
  CHECK(models[1].at("id") == "codehelper:repo");
  CHECK(models[0].at("object") == "model");
  CHECK(models[0].at("created").is_int64());
  CHECK(models[0].at("owned_by") == "codehelper");
  CHECK(with_slash.text == list.text);
  CHECK(one.json() == models[1].as_object());
  CHECK(call({.target = "/v1/models/other"}).json().at("error").at("code") == "model_not_found");
}

TEST_CASE_METHOD(OpenaiFixture, "openai: a whole answer and a stream give the same text, with its sources") {
  const ApiAnswer whole = post(kCompletions, ask("where is parse_headers"));
  const Streamed streamed = stream_completion(ask("where is parse_headers"));

  REQUIRE(whole.status == 200);
  const json::object answer = whole.json();
  CHECK(answer.at("object") == "chat.completion");
  CHECK(answer.at("model") == "codehelper");
  CHECK(answer.at("choices").at(0).at("finish_reason") == "stop");
  CHECK(answer.at("choices").at(0).at("message").at("role") == "assistant");
  CHECK(answer.at("usage") == json::object{{"prompt_tokens", 0}, {"completion_tokens", 0}, {"total_tokens", 0}});
  CHECK_THAT(content_of(whole), Catch::Contains("def parse_headers(text):"));
  CHECK_THAT(content_of(whole), Catch::Contains("**Sources**\n- `parser.py:1-2`\n"));

  CHECK(streamed.content == content_of(whole));
  CHECK_THAT(streamed.reasoning, Catch::Contains("coder: search_code: "));
  CHECK(streamed.finish_reason == "stop");
  CHECK(streamed.usages == 0);
  CHECK(streamed.is_done);
  CHECK(streamed.chunks.front().at("choices").at(0).at("delta") ==
        json::object{{"role", "assistant"}, {"content", ""}});
  for (const json::object& chunk : streamed.chunks) {
    CHECK(chunk.at("object") == "chat.completion.chunk");
    CHECK(chunk.at("id") == streamed.chunks.front().at("id"));
  }
}

TEST_CASE_METHOD(OpenaiFixture,
                 "openai: a stream tells its usage when it is asked to, in a last chunk without choices") {
  json::object asked = ask("where is parse_headers");
  asked["stream_options"] = json::object{{"include_usage", true}};

  const Streamed streamed = stream_completion(asked);

  CHECK(streamed.usages == 1);
  CHECK(streamed.chunks.back().at("choices") == json::array());
  CHECK(streamed.chunks.back().at("usage").at("total_tokens") == 0);
}

TEST_CASE_METHOD(OpenaiFixture, "openai: what clients send beside is accepted") {
  json::object asked = body({{{"role", "system"}, {"content", "Be brief."}},
                             {{"role", "developer"}, {"content", json::array{{{"type", "text"}, {"text", "Really."}}}}},
                             user("hello"),
                             {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", json::array()}},
                             {{"role", "tool"}, {"tool_call_id", "1"}, {"content", "42"}},
                             {{"role", "user"},
                              {"content", json::array{{{"type", "text"}, {"text", "where is parse_headers"}},
                                                      {{"type", "image_url"}, {"image_url", json::object()}}}}}});
  for (const char* field : {"user", "metadata", "store", "tools", "parallel_tool_calls", "max_completion_tokens"}) {
    asked[field] = json::object{};
  }
  asked["n"] = 1;

  const ApiAnswer answer = post("/v1/chat/completions/", asked);

  REQUIRE(answer.status == 200);
  CHECK_THAT(content_of(answer), Catch::Contains("def parse_headers(text):"));
  CHECK_THAT(content_of(answer), Catch::Contains("1 parts of the messages were left out"));
}

TEST_CASE_METHOD(OpenaiFixture, "openai: errors have OpenAI's shape, those of the server itself too") {
  struct Example {
    ApiAnswer answer;
    int status;
    const char* type;
    const char* code;
    json::value param;
  };
  json::object no_model = ask("x");
  no_model["model"] = "gpt-4";
  json::object two = ask("x");
  two["n"] = 2;
  for (const Example& example : std::vector<Example>{
           {call({.target = "/v1/nothing"}), 404, "invalid_request_error", "not_found", nullptr},
           {call({.target = kCompletions}), 405, "invalid_request_error", "method_not_allowed", nullptr},
           {post_text(kCompletions, "{"), 400, "invalid_request_error", "malformed", nullptr},
           {post_text(kCompletions, "{}", "text/plain"), 415, "invalid_request_error", "unsupported_media_type",
            nullptr},
           {post(kCompletions, no_model), 404, "invalid_request_error", "model_not_found", "model"},
           {post(kCompletions, two), 400, "invalid_request_error", "invalid_input", "n"},
           {post(kCompletions, json::object{{"model", "codehelper"}}), 422, "invalid_request_error", "invalid_field",
            "messages"},
           {post(kCompletions, body({{{"role", "robot"}, {"content", "x"}}})), 422, "invalid_request_error",
            "invalid_field", "messages[0].role"},
           {post(kCompletions, body({{{"role", "system"}, {"content", "x"}}})), 422, "invalid_request_error",
            "invalid_field", "messages"},
           {post_text(kCompletions, std::string(std::size_t{5} * 1024 * 1024, ' ')), 413, "invalid_request_error",
            "too_large", nullptr},
       }) {
    CAPTURE(example.code, example.answer.text);
    CHECK(example.answer.status == example.status);
    const json::object error = example.answer.json().at("error").as_object();
    CHECK(error.at("type").as_string() == example.type);
    CHECK(error.at("code").as_string() == example.code);
    CHECK(error.at("param") == example.param);
    CHECK_FALSE(error.at("message").as_string().empty());
    CHECK(example.answer.headers.find("X-Request-Id").has_value());
  }
  CHECK(call({.target = kCompletions}).headers.find("Allow") == "POST");
  CHECK(call({.target = "/nothing"}).json().at("error") == "not_found");
}

TEST_CASE_METHOD(OpenaiFixture, "openai: a key given twice gets one run, and its answer twice") {
  const auto ask_with_key = [this](const char* key, const char* text) {
    HttpCall asked{.method = "POST", .target = kCompletions, .body = json::serialize(ask(text))};
    asked.headers.add("Idempotency-Key", key);
    return call(std::move(asked));
  };
  runner.answer = fail(ErrorCode::unavailable, "the Runner is away");

  const ApiAnswer first = ask_with_key("a", "run the tests");
  const ApiAnswer second = ask_with_key("a", "run the tests");
  const ApiAnswer other_body = ask_with_key("a", "run the tests now");
  const ApiAnswer other_key = ask_with_key("b", "run the tests");
  const ApiAnswer long_key = ask_with_key(std::string(256, 'k').c_str(), "run the tests");

  CHECK(second.text == first.text);
  CHECK(other_body.status == 422);
  CHECK(other_body.json().at("error").at("code") == "idempotency_key_reused");
  CHECK(other_key.json().at("id") != first.json().at("id"));
  CHECK(long_key.status == 400);
  CHECK(runner.asked.size() == 2);
}

TEST_CASE_METHOD(OpenaiFixture, "openai: a run that failed is not worth a retry, whole or as a stream") {
  runner.answer = fail(ErrorCode::cancelled, "ended");
  json::object asked = ask("run the tests");
  const ApiAnswer refused = post(kCompletions, asked);
  asked["stream"] = true;
  const ApiAnswer broken = post(kCompletions, asked);

  CHECK(refused.status >= 499);
  CHECK(refused.headers.find("x-should-retry") == "false");
  CHECK_THAT(broken.text, Catch::Contains("data: {\"error\":{\"message\":"));
  CHECK_FALSE(broken.text.contains("[DONE]"));
}

TEST_CASE_METHOD(OpenaiFixture, "openai: titles, tags and follow-ups are made without the crew") {
  struct Example {
    const char* prompt;
    const char* answer;
  };
  for (const Example& example : std::vector<Example>{
           {"### Task:\nGenerate a title.\n### Output:\nJSON format: { \"title\": \"your concise title here\" }\n"
            "### Examples:\n- { \"title\": \"Stocks\" }\n### Chat History:\n<chat_history>\nUSER: where are the "
            "headers of a request parsed\nASSISTANT: here\n</chat_history>",
            R"({"title":"where are the headers of a"})"},
           {"### Task:\nTags.\nJSON format: { \"tags\": [\"tag1\", \"tag2\"] }\n<chat_history>\nUSER: x</chat_history>",
            R"({"tags":["General"]})"},
           {"### Task:\nJSON format: { \"follow_ups\": [\"Question 1?\", \"Question 2?\"] }\n", R"({"follow_ups":[]})"},
           {"### Task:\nDo it. { \"text\": \"<your_completion>\" }\n", R"({"text":""})"},
           {"### Task:\nAn emoji.\n<chat_history>\nUSER: hello\n</chat_history>", "hello"},
       }) {
    CAPTURE(example.prompt);
    CHECK(content_of(post(kCompletions, ask(example.prompt))) == example.answer);
  }
  test::FakeLanguageModel model;
  api.model = &model;
  model.say(R"({"title":"Headers"})");
  CHECK(content_of(post(kCompletions, ask("### Task:\nJSON format: { \"title\": \"x\" }"))) ==
        R"({"title":"Headers"})");
  CHECK(content_of(post(kCompletions, ask("### Task:\nJSON format: { \"title\": \"x\" }"))) == R"({"title":"Chat"})");
}
