// A model that is asked. A seam: any server with OpenAI's API, and Ollama's own. A model that can't call tools itself
// is told of them in its prompt and answers with calls as text; callers see no difference.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/base/request_context.hpp"
#include "codehelper/net/task.hpp"

namespace codehelper {

struct ToolCall {
  std::string id;         // unique within a conversation; made up where the server gave none
  std::string name;       // as the model wrote it: it may name no tool
  std::string arguments;  // JSON as the model wrote it, which may be none; "{}" for none at all

  bool operator==(const ToolCall&) const = default;
};

struct ToolSpec {
  std::string name;
  std::string description;
  boost::json::object parameters;  // JSON Schema of an object
};

enum class MessageRole { system, user, assistant, tool };

struct ModelMessage {
  MessageRole role = MessageRole::user;
  std::string content;
  std::vector<ToolCall> tool_calls = {};  // of an assistant; each is answered by a message of role tool
  std::string tool_call_id = {};          // of a tool: what it answers
  std::string tool_name = {};
};

struct ModelRequest {
  std::vector<ModelMessage> messages;
  std::vector<ToolSpec> tools = {};                // that may be called; empty = text is wanted
  std::optional<boost::json::object> schema = {};  // JSON Schema that the text must follow; a wish where a server can't
  std::size_t max_output_tokens = 2048;
};

struct TokenUsage {
  std::size_t prompt = 0;
  std::size_t completion = 0;
  bool is_estimate = false;  // the server gave none: counted by estimate_tokens()

  void add(const TokenUsage& other) {
    prompt += other.prompt;
    completion += other.completion;
    is_estimate = is_estimate || other.is_estimate;
  }
};

enum class FinishReason {
  stop,  // the answer is whole
  tool_calls,
  length,   // cut at max_output_tokens or at the end of the context
  refused,  // by the server's content filter
};
std::string_view to_string(FinishReason reason);

struct ModelReply {
  std::string content;
  std::string reasoning;             // for people; never given back to the model
  std::vector<ToolCall> tool_calls;  // in the order in which the model made them
  FinishReason finish = FinishReason::stop;
  TokenUsage usage;
};

enum class ToolSupport { native, text };

struct ModelFacts {
  std::string server;               // "ollama", "vllm", "llama-server", "openai-compatible"
  std::string model;                // that is asked
  std::vector<std::string> models;  // that the server lists
  std::size_t context_tokens = 0;   // of prompt and answer together; what the server says, else a careful default
  bool is_context_known = false;    // by the server or a setting
  ToolSupport tools = ToolSupport::native;
};

/// Pieces of the answer's text as they come, none of reasoning or of tool calls. An error ends the call with it.
using TextSink = std::function<Task<Result<void>>(std::string_view piece)>;

class LanguageModel {
 public:
  virtual ~LanguageModel() = default;

  /// Asked once and kept; asked again after an error. Errors: as ask(), and not_found when the configured model is none
  /// of the server's (the message lists those that are).
  virtual Task<Result<ModelFacts>> describe(RequestContext context) = 0;

  /// `on_text` may be empty. Tries again only before the first byte of an answer, and as a server asks for by
  /// Retry-After. When the coroutine is cancelled the connection is closed at once. Errors: unavailable (can't be
  /// reached, refuses, or broke off in the middle), unauthorized (the key), overloaded (busy, too many requests),
  /// timeout (nothing came within the limit for the first, or between two tokens, or in all), bad_answer (not its
  /// protocol; ended without a finish), too_large (the prompt doesn't fit the model's context), cancelled. The message
  /// names the server's words, never a key.
  virtual Task<Result<ModelReply>> ask(RequestContext context, ModelRequest request, TextSink on_text) = 0;
};

/// A careful guess, rather too many than too few: code has about three bytes a token.
std::size_t estimate_tokens(std::string_view text);
/// With the roles, the tool calls, and the schemas of the tools.
std::size_t estimate_tokens(const ModelRequest& request);

}  // namespace codehelper
