// OpenAI's chat completions as values: the request's body and the reader of its stream. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model_answer.hpp"
#include "model_failure.hpp"

namespace codehelper {

std::string make_openai_request(std::string_view model, const ModelRequest& request, const ServerHabits& habits);

/// Reads server-sent events, or one whole JSON answer where the server doesn't stream. `answer` outlives the reader.
std::unique_ptr<ModelAnswerReader> make_openai_reader(ModelAnswer& answer);

}  // namespace codehelper
