// The readers of both protocols, cut at every byte; what servers say when they refuse; Ollama's windows.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "agents/model_failure.hpp"
#include "agents/ollama_model.hpp"
#include "agents/openai_model.hpp"

using namespace codehelper;

namespace {

constexpr std::size_t kMaxBytes = 4096;

using Maker = std::unique_ptr<ModelAnswerReader> (*)(ModelAnswer&);

struct Read {
  Result<ModelReply> reply;
  std::string streamed;
};

Result<void> feed(ModelAnswerReader& reader, std::string_view body, std::size_t piece_bytes) {
  for (std::size_t at = 0; at < body.size(); at += piece_bytes) {
    auto fed = reader.feed(body.substr(at, piece_bytes));
    if (!fed) return fed;
  }
  return reader.end();
}

Read read(Maker make, std::string_view body, std::size_t piece_bytes) {
  ModelAnswer answer({"grep"}, kMaxBytes);
  const auto reader = make(answer);
  const auto fed = feed(*reader, body, piece_bytes);
  if (!fed) return {std::unexpected(fed.error()), answer.take_text()};
  std::string streamed = answer.take_text();
  auto end = answer.end();
  if (!end) return {std::unexpected(end.error()), streamed};
  return {end->reply, streamed + end->last_text};
}

Read read_openai(std::string_view body) {
  return read(make_openai_reader, body, body.size());
}

HttpAnswer refuse(int status, std::string body) {
  return {status, {}, std::move(body)};
}

constexpr std::string_view kEvents =
    ": keep-alive\r\n\r\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n"
    "data:{\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\",\"reasoning\":\"hm\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"Gr\u00fc\u00dfe \"}}],\"timings\":{}}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"\U0001F600\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"tool_calls\":[]},\"finish_reason\":null}]}\n\n"
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}}\n\n"
    "data: [DONE]\n\n";

constexpr std::string_view kLines =
    "{\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}\n"
    "{\"message\":{\"content\":\"Gr\u00fc\u00dfe \"},\"done\":false}\r\n\n"
    "{\"message\":{\"content\":\"\U0001F600\"},\"done\":false}\n"
    "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":5,\"eval_count\":7}";

}  // namespace

TEST_CASE("model answers: a stream says the same wherever it is cut") {
  const std::vector<std::pair<Maker, std::string_view>> streams = {{make_openai_reader, kEvents},
                                                                   {make_ollama_reader, kLines}};
  for (const auto& [make, body] : streams) {
    for (std::size_t piece = 1; piece < body.size(); piece = piece * 2 + 1) {
      const Read got = read(make, body, piece);

      REQUIRE(got.reply);
      CHECK(got.reply->content == "Gr\u00fc\u00dfe \U0001F600");
      CHECK(got.streamed == got.reply->content);
      CHECK(got.reply->reasoning == "hm");
      CHECK(got.reply->finish == FinishReason::stop);
      CHECK(got.reply->usage.prompt == 5);
      CHECK(got.reply->usage.completion == 7);
    }
  }
}

TEST_CASE("model answers: think blocks before the answer are reasoning, those within are text") {
  const std::string body =
      "data: {\"choices\":[{\"delta\":{\"content\":\"\\n<thi\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"nk>a plan</th\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"ink>\\n\\nUse <think> here.\"},\"finish_reason\":\"stop\"}]}\n\n";

  const Read got = read_openai(body);

  REQUIRE(got.reply);
  CHECK(got.reply->reasoning == "a plan");
  CHECK(got.reply->content == "Use <think> here.");
  CHECK(got.streamed == "Use <think> here.");
}

TEST_CASE("model answers: reasoning whose begin is in the template is told by its end") {
  const Read got = read_openai(
      "data: {\"choices\":[{\"delta\":{\"content\":\"a plan\\n</think>\\n\\nThe "
      "answer.\"},\"finish_reason\":\"stop\"}]}\n\n");

  REQUIRE(got.reply);
  CHECK(got.reply->reasoning == "a plan\n");
  CHECK(got.reply->content == "The answer.");
}

TEST_CASE("model answers: calls decide what an answer is, not what the server calls its end") {
  const Read stopped = read_openai(
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"grep\","
      "\"arguments\":\"{}\"}}]},\"finish_reason\":\"stop\"}]}\n\n");
  const Read without = read_openai(
      "data: {\"choices\":[{\"delta\":{\"content\":\"x\",\"tool_calls\":[]},\"finish_reason\":\"tool_calls\"}]}\n\n");

  REQUIRE(stopped.reply);
  CHECK(stopped.reply->finish == FinishReason::tool_calls);
  REQUIRE(without.reply);
  CHECK(without.reply->finish == FinishReason::stop);
}

TEST_CASE("model answers: a call that was cut at the length limit is none") {
  const Read got = read_openai(
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"grep\","
      "\"arguments\":\"{\\\"q\\\": \\\"wh\"}}]},\"finish_reason\":\"length\"}]}\n\n");

  REQUIRE(got.reply);
  CHECK(got.reply->tool_calls.empty());
  CHECK(got.reply->finish == FinishReason::length);
}

TEST_CASE("model answers: a server that doesn't keep to the limit of length is not listened to beyond it") {
  std::string text_events;
  std::string call_events =
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"grep\","
      "\"arguments\":\"{\"}}]}}]}\n\n";
  for (std::size_t i = 0; i < kMaxBytes; ++i) {
    text_events += "data: {\"choices\":[{\"delta\":{\"content\":\"again \u00fc \"}}]}\n\n";
    call_events +=
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"again "
        "\"}}]}}]}\n\n";
  }
  const std::string finish = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

  const Read text = read_openai(text_events + finish);
  const Read call = read_openai(call_events + finish);

  REQUIRE(text.reply);
  CHECK(text.reply->finish == FinishReason::length);
  CHECK(text.reply->content.size() <= kMaxBytes);
  CHECK(text.reply->content.size() > kMaxBytes - 4);
  CHECK(text.reply->content == text.streamed);
  REQUIRE(call.reply);
  CHECK(call.reply->finish == FinishReason::length);
  CHECK(call.reply->tool_calls.empty());
}

TEST_CASE("model answers: refusals of the filter and of the model are told") {
  const Read filtered = read_openai("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\n");
  const Read refused = read_openai(
      "data: {\"choices\":[{\"delta\":{\"refusal\":\"I won't.\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");

  REQUIRE(filtered.reply);
  CHECK(filtered.reply->finish == FinishReason::refused);
  REQUIRE(refused.reply);
  CHECK(refused.reply->finish == FinishReason::refused);
  CHECK(refused.reply->content == "I won't.");
}

TEST_CASE("model answers: one whole JSON answer will do where a stream was asked for") {
  const std::string_view body =
      R"( {"choices":[{"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":3,"completion_tokens":2}})";
  for (const std::size_t piece : {std::size_t{1}, body.size()}) {
    const Read got = read(make_openai_reader, body, piece);

    REQUIRE(got.reply);
    CHECK(got.reply->content == "Hello.");
    CHECK(got.streamed == "Hello.");
    CHECK(got.reply->usage.prompt == 3);
  }
}

TEST_CASE("model answers: an end without a finish, late errors and nonsense are errors") {
  const std::string text = "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n";
  const auto code = [](const Read& got) {
    return got.reply ? std::string("none") : std::string(to_string(got.reply.error().code));
  };

  CHECK(code(read_openai(text)) == "bad_answer");
  CHECK(code(read_openai(text + "data: [DONE]\n\n")) == "bad_answer");
  CHECK(code(read_openai(text + "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n")) ==
        "unavailable");
  CHECK(code(read_openai(text + "data: {\"error\":\"rate limit reached\"}\n\n")) == "overloaded");
  CHECK(code(read_openai("data: {\"object\":\"error\",\"message\":\"maximum context length is 4096\"}\n\n")) ==
        "too_large");
  CHECK(code(read_openai("data: {nonsense\n\n")) == "bad_answer");
  CHECK(code(read_openai("<html>hello</html>")) == "bad_answer");
  CHECK(code(read_openai("")) == "bad_answer");
  const std::string line = "{\"message\":{\"content\":\"Hel\"},\"done\":false}\n";
  CHECK(code(read(make_ollama_reader, line, 3)) == "bad_answer");
  CHECK(code(read(make_ollama_reader, line + "{\"error\":\"an error was encountered\"}\n", 3)) == "unavailable");
  CHECK(code(read(make_ollama_reader, "{nonsense\n", 3)) == "bad_answer");
}

TEST_CASE("model failures: every server's words come through, with the way out") {
  CHECK(read_server_words(R"({"error":"model 'x' not found"})") == "model 'x' not found");
  CHECK(read_server_words(R"({"error":{"code":503,"message":"Loading model"}})") == "Loading model");
  CHECK(read_server_words(R"({"object":"error","message":"bad"})") == "bad");
  CHECK(read_server_words("Bad Gateway") == "Bad Gateway");
  const std::string key = std::string("sk-proj-") + "0123456789abcdefABCDEFghijklmnopqrstuv";
  for (const std::string& body : {R"({"error":{"message":"Incorrect API key: )" + key + "\"}}", "<p>" + key + "</p>"}) {
    CHECK_THAT(read_server_words(body), Catch::Contains("[masked") && !Catch::Contains(key));
  }

  const auto missing = explain_refusal(refuse(404, R"({"error":"model 'x' not found"})"), "x");
  CHECK(missing.error.code == ErrorCode::not_found);
  CHECK_THAT(missing.error.message, Catch::Contains("LLM_MODEL") && Catch::Contains("model 'x' not found"));
  CHECK(explain_refusal(refuse(401, "{}"), "x").error.code == ErrorCode::unauthorized);
  const auto loading = explain_refusal(refuse(503, R"({"error":{"message":"Loading model"}})"), "x");
  CHECK(loading.error.code == ErrorCode::overloaded);
  CHECK(loading.is_passing);
  const auto poor = explain_refusal(refuse(429, R"({"error":{"message":"You exceeded your current quota"}})"), "x");
  CHECK_FALSE(poor.is_passing);
  const auto full = explain_refusal(
      refuse(400, R"({"error":{"message":"This model's maximum context length is 4096 tokens."}})"), "x");
  CHECK(full.error.code == ErrorCode::too_large);
}

TEST_CASE("model failures: what to leave out is learnt from the refusal") {
  ModelRequest request;
  request.tools = {{"grep", "", {}}};
  request.schema = boost::json::object{};
  const auto learn = [&](int status, const std::string& said) {
    return learn_from_refusal({}, explain_refusal(refuse(status, R"({"error":{"message":")" + said + "\"}}"), "x"),
                              request);
  };

  for (const auto& [status, said] : std::vector<std::pair<int, std::string>>{
           {400, "registry.ollama.ai/library/gemma:2b does not support tools"},
           {400, "\\\"auto\\\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set"},
           {500, "tools param requires --jinja flag"}}) {
    CHECK(learn(status, said).tools == ToolSupport::text);
  }
  CHECK_FALSE(learn(400, "response_format is not supported").takes_schema);
  CHECK_FALSE(learn(500, "failed to parse grammar").takes_schema);
  CHECK(learn(400, "Unsupported parameter: use 'max_completion_tokens' instead").wants_completion_tokens);
  CHECK_FALSE(learn(422, "extra field stream_options").takes_usage_option);
  CHECK(learn(503, "busy") == ServerHabits{});
  CHECK(learn(400, "maximum context length is 4096") == ServerHabits{});
}

TEST_CASE("model failures: pauses are read in every form") {
  const auto now = std::chrono::system_clock::from_time_t(784'111'777);  // Sun, 06 Nov 1994 08:49:37 GMT
  const auto pause = [&](std::string name, std::string value) {
    HttpHeaders headers;
    headers.add(std::move(name), std::move(value));
    return read_pause(headers, now);
  };

  CHECK(pause("Retry-After", "3") == std::chrono::seconds(3));
  CHECK(pause("Retry-After", "0.5") == std::chrono::milliseconds(500));
  CHECK(pause("retry-after-ms", "250") == std::chrono::milliseconds(250));
  CHECK(pause("Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT") == std::chrono::seconds(10));
  CHECK(pause("Retry-After", "Sun, 06 Nov 1994 08:40:00 GMT") == std::chrono::seconds(0));
  CHECK(pause("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT") == std::chrono::hours(24));
  CHECK(pause("Retry-After", "1e300") == std::chrono::hours(24));
  CHECK_FALSE(pause("Retry-After", "soon"));
  CHECK_FALSE(pause("Retry-After", "-1"));
  CHECK_FALSE(pause("X-Other", "1"));
}

TEST_CASE("ollama: windows grow in steps, never shrink, and end at the model's own context") {
  CHECK(choose_window(100, 0, 0) == 4096);
  CHECK(choose_window(4097, 0, 0) == 8192);
  CHECK(choose_window(100, 16'384, 0) == 16'384);
  CHECK(choose_window(20'000, 0, 10'000) == 10'000);
}

TEST_CASE("ollama: a prompt that was cut in silence is told by the tokens that were read") {
  CHECK(was_prompt_cut(20'000, 2'048));
  CHECK_FALSE(was_prompt_cut(20'000, 12'000));
  CHECK_FALSE(was_prompt_cut(20'000, 0));
  CHECK_FALSE(was_prompt_cut(1'000, 400));
}
