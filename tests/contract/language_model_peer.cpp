// The same adapters against a model server that we did not write.
#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "contract/language_model_contract.hpp"
#include "support/model_peer.hpp"

namespace codehelper::test {

namespace {

constexpr std::string_view kFixtures = R"({"fixtures":[
  {"match":{"userMessage":"plainly"},"response":{"content":"It reads the file line by line.","reasoning":"hm"},"chunkSize":4},
  {"match":{"toolCallId":"call_2"},"response":{"content":"Found in both."}},
  {"match":{"userMessage":"search"},"response":{"toolCalls":[
    {"id":"call_1","name":"grep","arguments":"{\"q\":\"Gr\u00fc\u00dfe\"}"},{"id":"call_2","name":"grep","arguments":"{\"q\":\"b\"}"}]},"chunkSize":3},
  {"match":{"userMessage":"damaged"},"response":{"toolCalls":[{"id":"call_9","name":"grep","arguments":"{\"q\": "}]}},
  {"match":{"userMessage":"cut short"},"response":{"content":"It read","finishReason":"length"}},
  {"match":{"userMessage":"forbidden"},"response":{"content":"","finishReason":"content_filter"}},
  {"match":{"userMessage":"busy","sequenceIndex":0},"response":{"error":{"message":"slow down","type":"rate_limit_error"},"status":429,"retryAfter":1}},
  {"match":{"userMessage":"busy"},"response":{"content":"Now."}},
  {"match":{"userMessage":"broken"},"response":{"error":{"message":"it broke","type":"server_error"},"status":500}},
  {"match":{"userMessage":"break off"},"response":{"content":"one two three four five six"},"latency":20,"chunkSize":4,"truncateAfterChunks":3},
  {"match":{"userMessage":"stall"},"response":{"content":"one two three four five six"},"latency":30000}
]})";

struct PeerBench {
  explicit PeerBench(ModelApi api) {
    HttpClientOptions http;
    http.base_url = peer.url();
    client = HttpClient::make(loop, std::move(http)).value();
    LanguageModelOptions options;
    options.url = peer.url();
    options.api = api;
    options.model = "a-model-that-it-does-not-list";
    if (api == ModelApi::ollama) options.model = "gpt-4o";
    options.limits = {std::chrono::seconds(8), std::chrono::seconds(1), std::chrono::seconds(1)};
    model = make_language_model(*client, std::move(options)).value();
  }

  Result<ModelReply> ask(ModelRequest request) {
    auto asking = model->ask({.request_id = "test"}, std::move(request), {});
    return run_until_done(loop, std::move(asking));
  }

  static ModelRequest about(std::string question) {
    ModelRequest request;
    request.messages.push_back({MessageRole::user, std::move(question)});
    request.tools.push_back({"grep", "Searches.", {{"type", "object"}}});
    return request;
  }

  EventLoop loop{1};
  ModelPeer peer{kFixtures};
  std::unique_ptr<HttpClient> client;
  std::unique_ptr<LanguageModel> model;
};

std::string code_of(const Result<ModelReply>& reply) {
  return reply ? "none" : std::string(to_string(reply.error().code));
}

}  // namespace

TEST_CASE("model peer: answers, calls and their results, cuts and faults are what they are") {
  const ModelApi api = GENERATE(from_range(language_model_apis()));
  PeerBench bench(api);

  const auto plain = bench.ask(PeerBench::about("Say plainly what it does."));
  REQUIRE(plain);
  CHECK(plain->content == "It reads the file line by line.");

  ModelRequest request = PeerBench::about("Please search.");
  const auto called = bench.ask(request);
  REQUIRE(called);
  REQUIRE(called->tool_calls.size() == 2);
  CHECK(called->tool_calls[0].arguments == "{\"q\":\"Gr\u00fc\u00dfe\"}");
  CHECK(called->tool_calls[1].arguments == R"({"q":"b"})");
  request.messages.push_back({MessageRole::assistant, "", called->tool_calls});
  for (const ToolCall& call : called->tool_calls) {
    request.messages.push_back({MessageRole::tool, "a line", {}, call.id, call.name});
  }
  const auto answered = bench.ask(request);
  REQUIRE(answered);
  if (api == ModelApi::openai) CHECK(answered->content == "Found in both.");  // the other one gives no ids

  const auto broken = bench.ask(PeerBench::about("It is broken."));
  CHECK(code_of(broken) == "unavailable");
  const auto stalled = bench.ask(PeerBench::about("Please stall."));
  CHECK(code_of(stalled) == "timeout");
  const auto cut = bench.ask(PeerBench::about("Please break off."));
  CHECK((code_of(cut) == "unavailable" || code_of(cut) == "bad_answer"));
  const auto busy = bench.ask(PeerBench::about("You look busy."));
  REQUIRE(busy);
  CHECK(busy->content == "Now.");
}

TEST_CASE("model peer: damaged arguments, the length limit and the filter are told by OpenAI's API") {
  PeerBench bench(ModelApi::openai);

  const auto damaged = bench.ask(PeerBench::about("Something damaged."));
  const auto shortened = bench.ask(PeerBench::about("It is cut short."));
  const auto filtered = bench.ask(PeerBench::about("Something forbidden."));

  REQUIRE(damaged);
  REQUIRE(damaged->tool_calls.size() == 1);
  CHECK(damaged->tool_calls[0].arguments == "{\"q\": ");
  REQUIRE(shortened);
  CHECK(shortened->finish == FinishReason::length);
  REQUIRE(filtered);
  CHECK(filtered->finish == FinishReason::refused);
}

}  // namespace codehelper::test
