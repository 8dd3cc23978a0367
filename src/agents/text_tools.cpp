#include "text_tools.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

#include "model_messages.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::string_view kHowToCall =
    "You can call tools. To call one, write nothing but this, with the tool's name and its arguments as JSON:\n"
    "<tool_call>\n{\"name\": \"tool_name\", \"arguments\": {\"argument\": \"value\"}}\n</tool_call>\n"
    "Several calls may follow each other. Then stop: the results come with the next message, each in "
    "<tool_result>. Never write a result yourself. When no tool is needed, answer in plain text.\n\nThe tools:\n";

std::string describe_tools(const std::vector<ToolSpec>& tools) {
  std::string text(kHowToCall);
  for (const ToolSpec& tool : tools) {
    text += json::serialize(
        json::object{{"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}});
    text += '\n';
  }
  return text;
}

std::string write_call(const ToolCall& call) {
  return fmt::format("<tool_call>\n{}\n</tool_call>",
                     json::serialize(json::object{{"name", call.name}, {"arguments", arguments_object(call)}}));
}

void append_paragraph(std::string& text, std::string_view more) {
  if (!text.empty() && !more.empty()) text += "\n\n";
  text += more;
}

void add_to_system_message(ModelRequest& request, std::string_view text) {
  const bool has_one = !request.messages.empty() && request.messages.front().role == MessageRole::system;
  if (!has_one) request.messages.insert(request.messages.begin(), ModelMessage{MessageRole::system, {}});
  append_paragraph(request.messages.front().content, text);
}

ModelMessage write_as_text(ModelMessage message) {
  if (message.role == MessageRole::tool) {
    return {MessageRole::user,
            fmt::format("<tool_result name=\"{}\">\n{}\n</tool_result>", message.tool_name, message.content)};
  }
  for (const ToolCall& call : message.tool_calls) append_paragraph(message.content, write_call(call));
  message.tool_calls.clear();
  return message;
}

}  // namespace

ModelRequest write_tools_as_text(ModelRequest request) {
  if (!request.tools.empty()) add_to_system_message(request, describe_tools(request.tools));
  std::vector<ModelMessage> messages;
  for (ModelMessage& message : request.messages) {
    ModelMessage plain = write_as_text(std::move(message));
    if (!messages.empty() && messages.back().role == plain.role) {
      append_paragraph(messages.back().content, plain.content);
    } else {
      messages.push_back(std::move(plain));
    }
  }
  request.messages = std::move(messages);
  request.tools.clear();
  return request;
}

ModelRequest write_schema_as_text(ModelRequest request) {
  if (!request.schema) return request;
  add_to_system_message(request,
                        fmt::format("Answer with nothing but one JSON object, without a fence around it, that follows "
                                    "this JSON Schema:\n{}",
                                    json::serialize(*request.schema)));
  request.schema.reset();
  return request;
}

}  // namespace codehelper
