// One question to a model server and its streamed answer, within the limits for tokens, tried again while the server
// says that it is busy.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codehelper/agents/model_server.hpp"
#include "model_answer.hpp"
#include "model_failure.hpp"

namespace codehelper {

struct ModelQuestion {
  HttpCall call;
  std::string model;                    // for messages
  std::vector<std::string> tool_names;  // that were offered, in whatever way
  std::size_t max_answer_bytes = 0;     // a longer answer is cut: not every server keeps to the limit that it is told
  std::function<std::unique_ptr<ModelAnswerReader>(ModelAnswer&)> make_reader;
};

using ModelOutcome = std::expected<ModelAnswer::End, ModelFailure>;

/// The context's deadline is that of the whole question. At most 3 tries, and only while nothing of an answer has come.
/// `on_text` may be empty; it outlives the coroutine as `client` does.
Task<ModelOutcome> ask_server(RequestContext context, HttpClient& client, ModelQuestion question, ModelLimits limits,
                              const TextSink& on_text);

/// The same tries for a call whose answer comes whole and has no effect. Errors: those of a refusal and of HttpClient,
/// with the way out.
Task<std::expected<HttpAnswer, ModelFailure>> call_server(RequestContext context, HttpClient& client, HttpCall call,
                                                          std::string model);

}  // namespace codehelper
