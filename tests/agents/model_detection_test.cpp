// Servers of OpenAI's API that say their facts each in its own way.
#include <catch2/catch.hpp>

#include <map>
#include <string>

#include "agents/model_detection.hpp"
#include "support/embedding_double.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

/// Answers each "GET /path" with the JSON that `answers` has for it, 404 for others.
Result<DetectedModel> detect(std::map<std::string, std::string> answers, LanguageModelOptions options = {}) {
  EventLoop loop(1);
  ScriptedServer server(loop, [&answers](ScriptedPeer& peer, int) -> Task<void> {
    while (true) {
      const std::string request = co_await peer.read_request();
      if (request.empty()) co_return;
      const auto found = answers.find(request.substr(0, request.find(" HTTP/")));
      const bool is_there = found != answers.end();
      co_await peer.write(make_http_answer(is_there ? 200 : 404, is_there ? found->second : "{}"));
    }
  });
  HttpClientOptions http;
  http.base_url = server.url();
  const auto client = HttpClient::make(loop, std::move(http)).value();
  options.url = server.url();
  auto detecting = detect_model({}, *client, parse_url(options.url).value(), options);
  return run_until_done(loop, std::move(detecting));
}

}  // namespace

TEST_CASE("model detection: llama-server's context is what it was started with, not what the model was trained with") {
  LanguageModelOptions options;
  options.model = "whatever";
  const auto detected = detect(
      {{"GET /v1/models", R"({"data":[{"id":"/m/q.gguf","owned_by":"llamacpp","meta":{"n_ctx_train":131072}}]})"},
       {"GET /props", R"({"default_generation_settings":{"n_ctx":8192}})"}},
      options);

  REQUIRE(detected);
  CHECK(detected->facts.server == "llama-server");
  CHECK(detected->facts.context_tokens == 8192);
  CHECK(detected->facts.model == "whatever");  // it has one, and takes any name
}

TEST_CASE("model detection: a server without a list is asked for the configured model") {
  LanguageModelOptions options;
  options.model = "mine";
  options.context_tokens = 12'345;

  const auto named = detect({}, options);
  const auto unnamed = detect({});

  REQUIRE(named);
  CHECK(named->facts.model == "mine");
  CHECK(named->facts.context_tokens == 12'345);
  CHECK(named->facts.is_context_known);
  REQUIRE_FALSE(unnamed);
  CHECK(unnamed.error().code == ErrorCode::not_found);
}

TEST_CASE("model detection: a context that nobody tells is assumed with care") {
  const auto detected = detect({{"GET /v1/models", R"({"data":[{"id":"some"}]})"}});

  REQUIRE(detected);
  CHECK(detected->facts.server == "openai-compatible");
  CHECK(detected->facts.context_tokens == 8192);
  CHECK_FALSE(detected->facts.is_context_known);
}

TEST_CASE("model detection: an Ollama whose details are hidden is still one") {
  const auto detected = detect({{"GET /api/version", R"({"version":"0.13.0"})"},
                                {"GET /api/tags", R"({"models":[{"name":"bge-m3:latest"},{"name":"qwen:latest"}]})"}});

  REQUIRE(detected);
  CHECK(detected->api == ModelApi::ollama);
  CHECK(detected->facts.model == "qwen:latest");
  CHECK_FALSE(detected->facts.is_context_known);
}

TEST_CASE("model detection: names are found as people write them") {
  const std::vector<std::string> listed = {"embed-large", "qwen:latest", "models/gemini", "qwen"};

  CHECK(find_model(listed, "") == "qwen:latest");
  CHECK(find_model(listed, "qwen") == "qwen");
  CHECK(find_model({"qwen:latest"}, "qwen") == "qwen:latest");
  CHECK(find_model(listed, "gemini") == "models/gemini");
  CHECK(find_model(listed, "gem").empty());
  CHECK(find_model({}, "").empty());
}

TEST_CASE("model detection: base URLs with and without a version lead to the same places") {
  const auto target = [](const std::string& url) {
    return openai_target(parse_url(model_base_url(url)).value(), "models");
  };

  CHECK(model_base_url("http://h:1/v1/") == "http://h:1");
  CHECK(target("http://h:1") == "/v1/models");
  CHECK(target("http://h:1/v1") == "/v1/models");
  CHECK(target("https://h/openai/v1") == "/v1/models");
  CHECK(target("https://h/v1beta/openai") == "/models");
  CHECK(target("https://h/api/v4") == "/models");
}
