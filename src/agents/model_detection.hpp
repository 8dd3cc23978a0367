// Finds out which server answers at a URL, which models it has, and how much they take.
#pragma once

#include "codehelper/agents/model_server.hpp"
#include "model_failure.hpp"

namespace codehelper {

struct DetectedModel {
  ModelFacts facts;
  ModelApi api = ModelApi::openai;
};

/// Where OpenAI's API is below the client's base URL.
std::string openai_target(const Url& url, std::string_view call);

/// Asks with GET and POST /api/show only, which costs nothing. Errors: as LanguageModel::describe().
Task<Result<DetectedModel>> detect_model(RequestContext context, HttpClient& client, Url url,
                                         LanguageModelOptions options);

/// The one of `listed` that `wanted` names, as the server writes it: itself, without Ollama's ":latest", or with a
/// folder before it. An empty `wanted` names the first that isn't for embeddings. Empty when there is none.
std::string find_model(const std::vector<std::string>& listed, std::string_view wanted);

}  // namespace codehelper
