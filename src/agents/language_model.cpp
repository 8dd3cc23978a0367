#include "codehelper/agents/language_model.hpp"

#include <boost/json/serialize.hpp>

namespace codehelper {
namespace {

constexpr std::size_t kBytesPerToken = 3;
constexpr std::size_t kTokensPerMessage = 6;  // its role and the marks around it
constexpr std::size_t kTokensPerCall = 12;
constexpr std::size_t kTokensPerTool = 16;

}  // namespace

std::string_view to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop:
      return "stop";
    case FinishReason::tool_calls:
      return "tool_calls";
    case FinishReason::length:
      return "length";
    case FinishReason::refused:
      return "refused";
  }
  return "stop";
}

std::size_t estimate_tokens(std::string_view text) {
  return (text.size() + kBytesPerToken - 1) / kBytesPerToken;
}

std::size_t estimate_tokens(const ModelRequest& request) {
  std::size_t tokens = 0;
  for (const ModelMessage& message : request.messages) {
    tokens += kTokensPerMessage + estimate_tokens(message.content);
    for (const ToolCall& call : message.tool_calls) {
      tokens += kTokensPerCall + estimate_tokens(call.name) + estimate_tokens(call.arguments);
    }
  }
  for (const ToolSpec& tool : request.tools) {
    tokens += kTokensPerTool + estimate_tokens(tool.name) + estimate_tokens(tool.description) +
              estimate_tokens(boost::json::serialize(tool.parameters));
  }
  if (request.schema) tokens += estimate_tokens(boost::json::serialize(*request.schema));
  return tokens;
}

}  // namespace codehelper
