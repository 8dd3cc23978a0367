// A server that embeds: Ollama (POST /api/embed) or anything with OpenAI's API (POST /v1/embeddings: vLLM,
// llama-server, text-embeddings-inference, OpenAI).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "codehelper/index/embedder.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

enum class EmbeddingApi { automatic, ollama, openai };

struct EmbeddingServerOptions {
  std::string url;  // the client's base URL; one whose path names a version ("/v1") has OpenAI's API
  EmbeddingApi api = EmbeddingApi::automatic;  // what answers GET /api/version as Ollama does is Ollama
  std::string model;
  // What the model wants before a text; nothing = as its family was trained.
  std::optional<std::string> passage_prefix;
  std::optional<std::string> question_prefix;
  // Of 32 texts, all tries and cuts included. A question waits no longer than 10 s, and isn't tried again.
  std::chrono::milliseconds limit{60'000};
};

/// An Embedder whose identity is the model with its prefixes, whichever server runs it. Passages are tried again, with
/// pauses, while the server can't be reached or says that it is busy. A text that is too long is cut; one that the
/// server refuses has the zero vector, so that a bad text never costs the others theirs. `loop` and `client` outlive
/// it. Errors: invalid_input for a bad URL.
Result<std::unique_ptr<Embedder>> make_embedding_server(EventLoop& loop, HttpClient& client,
                                                        EmbeddingServerOptions options);

/// Whether something answers there: asks for the list of models, which embeds nothing. Errors: timeout, unavailable,
/// bad_answer.
Task<Result<void>> check_embedding_server(RequestContext context, HttpClient& client, std::string url,
                                          std::chrono::milliseconds limit);

}  // namespace codehelper
