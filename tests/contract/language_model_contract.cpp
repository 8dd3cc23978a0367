#include "contract/language_model_contract.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <catch2/catch.hpp>

#include <chrono>

namespace codehelper::test {

using std::chrono::milliseconds;

std::vector<ModelApi> language_model_apis() {
  return {ModelApi::openai, ModelApi::ollama};
}

ModelBench::ModelBench(ModelApi api, LanguageModelOptions options) : server(loop, api) {
  HttpClientOptions http;
  http.base_url = server.url();
  http.token = options.api_key;
  client = HttpClient::make(loop, std::move(http)).value();
  options.url = server.url();
  model = make_language_model(*client, std::move(options)).value();
}

Result<ModelReply> ModelBench::ask(ModelRequest request) {
  TextSink sink = [this](std::string_view piece) -> Task<Result<void>> {
    pieces.emplace_back(piece);
    co_return Result<void>{};
  };
  auto asking = model->ask(context, std::move(request), std::move(sink));
  return run_until_done(loop, std::move(asking));
}

namespace {

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

ModelRequest with_tool(std::string question) {
  ModelRequest request;
  request.messages.push_back({MessageRole::user, std::move(question)});
  request.tools.push_back({"grep", "Searches.", {{"type", "object"}, {"properties", {{"q", {{"type", "string"}}}}}}});
  return request;
}

std::string said_to(const ModelBench& bench) {
  return boost::json::serialize(bench.server.questions().back());
}

std::string code_of(const Result<ModelReply>& reply) {
  return reply ? "none" : std::string(to_string(reply.error().code));
}

}  // namespace

TEST_CASE("language model: an answer is streamed, reasoning is kept apart, tokens are counted") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(bench.server.text().think("hm").say("It ").say("works.").finish("stop", 11, 4));

  const auto reply = bench.ask("Does it?");

  REQUIRE(reply);
  CHECK(reply->content == "It works.");
  CHECK(reply->reasoning == "hm");
  CHECK(reply->finish == FinishReason::stop);
  CHECK(reply->usage.prompt == 11);
  CHECK(reply->usage.completion == 4);
  CHECK_FALSE(reply->usage.is_estimate);
  CHECK(joined(bench.pieces) == "It works.");
}

TEST_CASE("language model: what is not counted by the server is estimated") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  const std::string end =
      api == ModelApi::ollama ? "{\"done\":true}\n" : "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n";
  bench.server.answer_with(200, bench.server.text().say("Yes.").text() + end);

  const auto reply = bench.ask("Does it?");

  REQUIRE(reply);
  CHECK(reply->usage.is_estimate);
  CHECK(reply->usage.prompt > 0);
  CHECK(reply->usage.completion == estimate_tokens("Yes."));
}

TEST_CASE("language model: bytes that come one by one say the same") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  const std::string body =
      bench.server.text().say("Gr\u00fc\u00dfe").call("c1", "grep", R"({"q":"a"})").finish("stop", 1, 1).text();
  bench.server.answer_with([body](ScriptedPeer& peer) -> Task<void> {
    co_await peer.write(ModelDouble::head(200));
    for (const char c : body) co_await peer.write(std::string(1, c));
  });

  const auto reply = bench.ask(with_tool("Search."));

  REQUIRE(reply);
  CHECK(reply->content == "Gr\u00fc\u00dfe");
  CHECK(reply->tool_calls == std::vector<ToolCall>{{"c1", "grep", R"({"q":"a"})"}});
}

TEST_CASE("language model: parallel calls come in order, and their results go back under their ids") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(
      bench.server.text().call("c1", "grep", R"({"q":"a"})").call("c2", "grep", R"({"q":"b"})").finish("stop", 1, 1));
  bench.server.answer_with(bench.server.text().say("Done.").finish("stop", 1, 1));
  ModelRequest request = with_tool("Search.");

  const auto called = bench.ask(request);
  REQUIRE(called);
  CHECK(called->finish == FinishReason::tool_calls);
  REQUIRE(called->tool_calls == std::vector<ToolCall>{{"c1", "grep", R"({"q":"a"})"}, {"c2", "grep", R"({"q":"b"})"}});
  request.messages.push_back({MessageRole::assistant, "", called->tool_calls});
  request.messages.push_back({MessageRole::tool, "line 1", {}, "c1", "grep"});
  request.messages.push_back({MessageRole::tool, "line 2", {}, "c2", "grep"});
  const auto answered = bench.ask(request);

  REQUIRE(answered);
  CHECK(answered->content == "Done.");
  const auto& messages = bench.server.questions().back().at("messages").as_array();
  REQUIRE(messages.size() == 4);
  CHECK(messages[1].at("tool_calls").at(1).at("id") == "c2");
  CHECK(messages[3].at("role") == "tool");
  CHECK(messages[3].at("tool_call_id") == "c2");
  CHECK(messages[3].at("content") == "line 2");
}

TEST_CASE("language model: malformed arguments are handed over, and don't spoil the conversation") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(bench.server.text().say("So.").finish("stop", 1, 1));
  ModelRequest request = with_tool("Search.");
  request.messages.push_back({MessageRole::assistant, "", {{"c1", "grep", "{q: a"}}});
  request.messages.push_back({MessageRole::tool, "The arguments are no JSON.", {}, "c1", "grep"});

  const auto reply = bench.ask(request);

  REQUIRE(reply);
  CHECK_THAT(said_to(bench), Catch::Contains("malformed_arguments") && Catch::Contains("{q: a"));
}

TEST_CASE("language model: without tools none are mentioned, and a schema goes along") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(bench.server.text().say("{}").finish("stop", 1, 1));
  ModelRequest request;
  request.messages.push_back({MessageRole::user, "Plan."});
  request.schema = boost::json::object{{"title", "the-schema"}};

  const auto reply = bench.ask(request);

  REQUIRE(reply);
  CHECK_FALSE(bench.server.questions().back().contains("tools"));
  CHECK(bench.server.questions().back().contains(api == ModelApi::ollama ? "format" : "response_format"));
  CHECK_THAT(said_to(bench), Catch::Contains("the-schema"));
}

TEST_CASE("language model: a schema that the server refuses becomes a wish in the prompt, and stays one") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(400, R"({"error":"invalid format"})");
  bench.server.answer_with(bench.server.text().say("{}").finish("stop", 1, 1));
  ModelRequest request;
  request.messages.push_back({MessageRole::user, "Plan."});
  request.schema = boost::json::object{{"title", "the-schema"}};

  const auto first = bench.ask(request);
  const auto second = bench.ask(request);

  REQUIRE(first);
  REQUIRE(second);
  CHECK(bench.server.questions().size() == 3);
  CHECK_THAT(said_to(bench), Catch::Contains("the-schema") && !Catch::Contains("format\":"));
}

TEST_CASE("language model: a model that can't call tools does so as text, from the same question on") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(400, R"({"error":{"message":"coder:7b does not support tools"}})");
  bench.server.answer_with(bench.server.text()
                               .say("I look.\n<tool_")
                               .say("call>{\"name\":\"grep\",\"argu")
                               .say("ments\":{\"q\":\"a\"}}</tool_call>")
                               .finish("stop", 9, 9));

  const auto reply = bench.ask(with_tool("Search."));
  const auto facts = run_until_done(bench.loop, bench.model->describe(bench.context));

  REQUIRE(reply);
  REQUIRE(reply->tool_calls.size() == 1);
  CHECK(reply->tool_calls[0].arguments == R"({"q":"a"})");
  CHECK(reply->content == "I look.");
  CHECK(joined(bench.pieces) == "I look.\n");
  CHECK_FALSE(bench.server.questions().back().contains("tools"));
  CHECK_THAT(said_to(bench), Catch::Contains("Searches."));
  REQUIRE(facts);
  CHECK(facts->tools == ToolSupport::text);
}

TEST_CASE("language model: calls that a server leaves in the text are found there") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(
      bench.server.text().say("<tool_call>\n{\"name\":\"grep\",\"arguments\":{}}\n</tool_call>").finish("stop", 9, 9));

  const auto reply = bench.ask(with_tool("Search."));

  REQUIRE(reply);
  CHECK(bench.server.questions().back().contains("tools"));
  REQUIRE(reply->tool_calls.size() == 1);
  CHECK(reply->finish == FinishReason::tool_calls);
  CHECK(joined(bench.pieces).empty());
}

TEST_CASE("language model: a cut at the length limit is told") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(bench.server.text().say("It wor").finish("length", 1, 1));

  const auto reply = bench.ask("Does it?");

  REQUIRE(reply);
  CHECK(reply->finish == FinishReason::length);
}

TEST_CASE("language model: an answer without an end is cut at the limit that the request has") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  const std::string piece = bench.server.text().say("the same again and ").text();
  bench.server.answer_with([piece](ScriptedPeer& peer) -> Task<void> {
    co_await peer.write(ModelDouble::head(200));
    for (int i = 0; i < 1'000; ++i) {
      co_await peer.write(piece);
      const auto slept = co_await sleep_for(milliseconds(10));
      if (!slept) co_return;
    }
  });
  ModelRequest request;
  request.messages.push_back({MessageRole::user, "Does it?"});
  request.max_output_tokens = 100;

  const auto begin = std::chrono::steady_clock::now();
  const auto reply = bench.ask(std::move(request));

  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(8));  // of the server's ten and more
  REQUIRE(reply);
  CHECK(reply->finish == FinishReason::length);
  CHECK(reply->content.size() < 2'000);
  CHECK(reply->content == joined(bench.pieces));
}

TEST_CASE("language model: a busy server is asked again when it wants to be") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(429, R"({"error":"slow down"})", "Retry-After: 0\r\n");
  bench.server.answer_with(503, R"({"error":"loading"})", "retry-after-ms: 5\r\n");
  bench.server.answer_with(bench.server.text().say("Yes.").finish("stop", 1, 1));

  const auto reply = bench.ask("Does it?");

  REQUIRE(reply);
  CHECK(bench.server.questions().size() == 3);
}

TEST_CASE("language model: three tries and no more, and none that would end beyond the limit") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench failing(api);
  failing.server.answer_with(500, R"({"error":{"message":"out of memory"}})", "retry-after-ms: 1\r\n");
  ModelBench patient(api);
  patient.server.answer_with(429, "{}", "Retry-After: 3600\r\n");

  const auto failed = failing.ask("Does it?");
  const auto begin = std::chrono::steady_clock::now();
  const auto late = patient.ask("Does it?");

  CHECK(code_of(failed) == "unavailable");
  CHECK_THAT(failed.error().message, Catch::Contains("out of memory"));
  CHECK(failing.server.questions().size() == 3);
  CHECK(code_of(late) == "overloaded");
  CHECK(patient.server.questions().size() == 1);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("language model: silence before, between and after tokens has limits; signs of life are no tokens") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  LanguageModelOptions options;
  options.limits = {milliseconds(1'500), milliseconds(150), milliseconds(150)};
  const auto stall = [](std::string bytes) {
    return [bytes](ScriptedPeer& peer) -> Task<void> {
      co_await peer.write(ModelDouble::head(200) + bytes);
      co_await peer.wait_for_close();
    };
  };
  ModelBench silent(api, options);
  silent.server.answer_with(stall(api == ModelApi::ollama ? "\n" : ":\n\n"));
  ModelBench stalled(api, options);
  stalled.server.answer_with(stall(stalled.server.text().say("It").text()));
  ModelBench endless(api, options);
  const std::string piece = endless.server.text().say("again ").text();
  endless.server.answer_with([piece](ScriptedPeer& peer) -> Task<void> {
    co_await peer.write(ModelDouble::head(200));
    for (int i = 0; i < 100; ++i) {
      co_await peer.write(piece);
      const auto slept = co_await sleep_for(milliseconds(30));
      if (!slept) co_return;
    }
  });

  const auto nothing = silent.ask("Does it?");
  const auto half = stalled.ask("Does it?");
  const auto ever = endless.ask("Does it?");

  CHECK(code_of(nothing) == "timeout");
  CHECK_THAT(nothing.error().message, Catch::Contains("CODEHELPER_LLM_FIRST_SECONDS"));
  CHECK(code_of(half) == "timeout");
  CHECK_THAT(half.error().message, Catch::Contains("CODEHELPER_LLM_TOKEN_SECONDS"));
  CHECK(code_of(ever) == "timeout");
  CHECK_THAT(ever.error().message, Catch::Contains("CODEHELPER_LLM_SECONDS"));
  CHECK(endless.pieces.size() > 3);
}

TEST_CASE("language model: a stream that has said all needs no end") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  const std::string body = bench.server.text().say("Yes.").finish("stop", 1, 1).text();
  bench.server.answer_with([body](ScriptedPeer& peer) -> Task<void> {
    co_await peer.write(ModelDouble::head(200) + body);
    co_await peer.wait_for_close();
  });

  const auto reply = bench.ask("Does it?");

  REQUIRE(reply);
  CHECK(reply->content == "Yes.");
}

TEST_CASE("language model: an answer that breaks off is an error, and is not asked for again") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  const std::string said = bench.server.text().say("It wor").text();
  const int fault = GENERATE(0, 1, 2, 3);
  bench.server.answer_with(
      [said, fault, late = bench.server.text().fail("out of memory").text()](ScriptedPeer& peer) -> Task<void> {
        const std::string announced = fault == 0 ? "Content-Length: 100000\r\n" : "";
        co_await peer.write(ModelDouble::head(200, announced) + said +
                            (fault == 2   ? late
                             : fault == 3 ? "{garbage}\n\n\ndata: {\n\n"
                                          : ""));
      });

  const auto reply = bench.ask("Does it?");

  CHECK(code_of(reply) == (fault == 1 || fault == 3 ? "bad_answer" : "unavailable"));
  CHECK(joined(bench.pieces) == "It wor");
  CHECK(bench.server.questions().size() == 1);
}

TEST_CASE("language model: an error of the caller ends the answer") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.answer_with(bench.server.text().say("It ").say("works.").finish("stop", 1, 1));
  TextSink sink = [](std::string_view) -> Task<Result<void>> { co_return fail(ErrorCode::conflict, "enough"); };
  ModelRequest request;
  request.messages.push_back({MessageRole::user, "Does it?"});

  auto asking = bench.model->ask(bench.context, std::move(request), std::move(sink));
  const auto reply = run_until_done(bench.loop, std::move(asking));

  CHECK(code_of(reply) == "conflict");
}

TEST_CASE("language model: when the caller leaves, the connection is closed at once") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  boost::asio::cancellation_signal leave;
  bool is_closed = false;
  const std::string said = bench.server.text().say("It").text();
  bench.server.answer_with([&, said](ScriptedPeer& peer) -> Task<void> {
    co_await peer.write(ModelDouble::head(200) + said);
    co_await peer.wait_for_close();
    is_closed = true;
    bench.loop.stop();
  });
  TextSink sink = [&leave](std::string_view) -> Task<Result<void>> {
    leave.emit(boost::asio::cancellation_type::terminal);
    co_return Result<void>{};
  };
  ModelRequest request;
  request.messages.push_back({MessageRole::user, "Does it?"});
  std::optional<Result<ModelReply>> reply;
  const auto begin = std::chrono::steady_clock::now();

  auto asking = bench.model->ask(bench.context, std::move(request), std::move(sink));
  boost::asio::co_spawn(bench.loop.executor(), std::move(asking),
                        boost::asio::bind_cancellation_slot(
                            leave.slot(), [&](std::exception_ptr, Result<ModelReply> got) { reply = std::move(got); }));
  bench.loop.run();

  CHECK(is_closed);
  REQUIRE(reply);
  CHECK(code_of(*reply) == "cancelled");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
}

TEST_CASE("language model: says what it found out, and asks for it once") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.models = {"nomic-embed-text:latest", "coder:7b", "other:latest"};

  const auto facts = run_until_done(bench.loop, bench.model->describe(bench.context));
  const std::size_t calls = bench.server.requests().size();
  const auto again = run_until_done(bench.loop, bench.model->describe(bench.context));

  REQUIRE(facts);
  CHECK(facts->server == (api == ModelApi::ollama ? "ollama" : "vllm"));
  CHECK(facts->model == "coder:7b");
  CHECK(facts->models.size() == 3);
  CHECK(facts->context_tokens == 32'768);
  CHECK(facts->is_context_known);
  CHECK(facts->tools == ToolSupport::native);
  REQUIRE(again);
  CHECK(bench.server.requests().size() == calls);
}

TEST_CASE("language model: a model that the server lacks is told with those it has") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  LanguageModelOptions options;
  options.model = "missing";
  ModelBench bench(api, options);

  const auto reply = bench.ask("Does it?");

  CHECK(code_of(reply) == "not_found");
  CHECK_THAT(reply.error().message, Catch::Contains("missing") && Catch::Contains("coder:7b"));
}

TEST_CASE("language model: a server that is away is told, and asked anew when it is back") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  EventLoop loop(1);
  HttpClientOptions http;
  http.base_url = "http://127.0.0.1:1";
  const auto client = HttpClient::make(loop, std::move(http)).value();
  LanguageModelOptions options;
  options.url = "http://127.0.0.1:1";
  options.api = api;
  const auto model = make_language_model(*client, options).value();

  auto asking = model->ask({}, with_tool("Does it?"), {});
  const auto reply = run_until_done(loop, std::move(asking));

  CHECK(code_of(reply) == "unavailable");
  CHECK_THAT(reply.error().message, Catch::Contains("LLM_URL"));
}

TEST_CASE("language model: a refused key is told and never shown") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  LanguageModelOptions options;
  options.api_key = "sk-very-secret";
  ModelBench bench(api, options);
  bench.server.answer_with(401, R"({"error":{"message":"Incorrect API key: sk-very-secret."}})");

  const auto reply = bench.ask("Does it?");

  CHECK(code_of(reply) == "unauthorized");
  CHECK_THAT(reply.error().message, Catch::Contains("LLM_API_KEY") && !Catch::Contains("very-secret"));
  CHECK_THAT(bench.server.requests().back(), Catch::Contains("Authorization: Bearer sk-very-secret"));
}

TEST_CASE("language model: a prompt that can't fit is refused before the server is asked") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  ModelBench bench(api);
  bench.server.context_tokens = 4096;

  const auto reply = bench.ask(std::string(60'000, 'x'));

  CHECK(code_of(reply) == "too_large");
  CHECK(bench.server.questions().empty());
}

}  // namespace codehelper::test
