#include "model_messages.hpp"

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace json = boost::json;

std::string_view to_string(MessageRole role) {
  switch (role) {
    case MessageRole::system:
      return "system";
    case MessageRole::user:
      return "user";
    case MessageRole::assistant:
      return "assistant";
    case MessageRole::tool:
      return "tool";
  }
  return "user";
}

json::object arguments_object(const ToolCall& call) {
  auto object = parse_json_object(call.arguments);
  if (object) return std::move(*object);
  return {{"malformed_arguments", to_valid_utf8(call.arguments)}};
}

json::array tools_array(const std::vector<ToolSpec>& tools) {
  json::array array;
  for (const ToolSpec& tool : tools) {
    array.push_back(
        {{"type", "function"},
         {"function",
          json::object{{"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}}}});
  }
  return array;
}

}  // namespace codehelper
