// Ollama's own chat API as values: the request's body and the reader of its lines. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "model_answer.hpp"

namespace codehelper {

/// `window_tokens` is the context that the model is loaded with (num_ctx), prompt and answer together.
std::string make_ollama_request(std::string_view model, const ModelRequest& request, std::size_t window_tokens);

/// The window for a prompt and an answer of `needed` tokens, never smaller than `current`: a power of two, so that
/// questions of like size don't make the server load the model again; at most `limit`, 0 = no limit.
std::size_t choose_window(std::size_t needed, std::size_t current, std::size_t limit);

/// Whether the server read so much less than it was sent that it must have cut the prompt, which Ollama does in silence
/// and from the front. `estimated` is by estimate_tokens(), `read` what the server counted; 0 = it did not say.
bool was_prompt_cut(std::size_t estimated, std::size_t read);

/// Reads one JSON object a line. `answer` outlives the reader.
std::unique_ptr<ModelAnswerReader> make_ollama_reader(ModelAnswer& answer);

}  // namespace codehelper
