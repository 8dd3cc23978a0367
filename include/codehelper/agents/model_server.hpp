// A language model on a server: Ollama by its own API (POST /api/chat), or anything with OpenAI's (POST
// /v1/chat/completions: vLLM, llama-server, Ollama, hosted ones).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "codehelper/agents/language_model.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

enum class ModelApi { automatic, openai, ollama };

/// Of one question; a pause of the caller's own TextSink counts in the first only.
struct ModelLimits {
  std::chrono::milliseconds total{300'000};  // until the last token, all tries and pauses included
  std::chrono::milliseconds first{120'000};  // until the first token of a try: the model may have to be loaded
  std::chrono::milliseconds between{60'000};
};

struct LanguageModelOptions {
  std::string url;                     // the client's base URL; OpenAI's API is at /v1 below it, unless its path
                                       // names a version itself
  std::string model = {};              // empty = the first that the server lists and that isn't for embeddings
  std::string api_key = {};            // that the client sends, so that a server's words are never shown with it
  ModelApi api = ModelApi::automatic;  // what answers GET /api/version as Ollama does is Ollama
  std::size_t context_tokens = 0;      // 0 = what the server says
  ModelLimits limits = {};
};

/// The base URL that a client for the model server at `url` needs: without the /v1 that such URLs often end in, since
/// Ollama's own API and health checks don't live there.
std::string model_base_url(std::string url);

/// A LanguageModel that finds out with its first question what it talks to. A server that lists its own models only
/// (Ollama, vLLM) must list the configured one; lists of others, which may be incomplete, are not held against it.
/// `client` outlives it. Errors: invalid_input for a bad URL.
Result<std::unique_ptr<LanguageModel>> make_language_model(HttpClient& client, LanguageModelOptions options);

}  // namespace codehelper
