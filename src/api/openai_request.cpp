#include "openai_request.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

/// What was said from one message of the user to the next.
struct Exchange {
  std::string question;
  std::string answer;
  std::vector<ChatAttachment> tool_outputs;
};

void append_paragraph(std::string& text, std::string_view more) {
  if (!text.empty() && !more.empty()) text += "\n\n";
  text += more;
}

std::unexpected<Error> wrong_field(std::string_view field, std::string_view expected) {
  return fail(ErrorCode::invalid_field, fmt::format("field \"{}\" must be {}", field, expected));
}

/// A text, parts of which those of type "text" count, or null.
Result<std::string> parse_content(const json::object& message, const std::string& field, std::size_t& left_out) {
  const json::value* content = message.if_contains("content");
  if (content == nullptr || content->is_null()) return std::string();
  if (content->is_string()) return std::string(content->as_string());
  if (!content->is_array()) return wrong_field(field + ".content", "a text or a list of parts");
  std::string text;
  for (const json::value& part : content->as_array()) {
    if (!part.is_object()) return wrong_field(field + ".content", "a list of parts, each an object");
    const bool is_text = text_in(part.as_object(), "type") == "text";
    if (is_text) append_paragraph(text, text_in(part.as_object(), "text"));
    if (!is_text) ++left_out;
  }
  return text;
}

bool is_one_of(std::string_view role, std::initializer_list<std::string_view> roles) {
  return std::ranges::find(roles, role) != roles.end();
}

/// Adds one message to what was read of the others.
Result<void> read_message(const json::object& message, const std::string& field, std::vector<Exchange>& exchanges,
                          CompletionRequest& request) {
  const auto role = required_string(message, "role");
  if (!role) return wrong_field(field + ".role", "a text");
  auto content = parse_content(message, field, request.left_out);
  if (!content) return std::unexpected(content.error());
  if (is_one_of(*role, {"system", "developer"})) {
    append_paragraph(request.instructions, *content);
  } else if (*role == "user") {
    const bool goes_on = !exchanges.empty() && exchanges.back().answer.empty() && exchanges.back().tool_outputs.empty();
    if (!goes_on) exchanges.emplace_back();
    append_paragraph(exchanges.back().question, *content);
  } else if (*role == "assistant") {
    if (!exchanges.empty()) append_paragraph(exchanges.back().answer, *content);
  } else if (is_one_of(*role, {"tool", "function"})) {
    if (!exchanges.empty()) exchanges.back().tool_outputs.push_back({text_in(message, "name"), std::move(*content)});
  } else {
    return wrong_field(field + ".role", "system, developer, user, assistant or tool");
  }
  return {};
}

Result<void> read_messages(const json::object& body, CompletionRequest& request) {
  const json::value* messages = body.if_contains("messages");
  if (messages == nullptr || !messages->is_array() || messages->as_array().empty()) {
    return wrong_field("messages", "a list of messages, and not empty");
  }
  std::vector<Exchange> exchanges;
  for (std::size_t i = 0; i < messages->as_array().size(); ++i) {
    const json::value& message = messages->as_array()[i];
    const std::string field = fmt::format("messages[{}]", i);
    if (!message.is_object()) return wrong_field(field, "an object");
    const auto read = read_message(message.as_object(), field, exchanges, request);
    if (!read) return read;
  }
  if (exchanges.empty() || is_blank(exchanges.back().question)) {
    return wrong_field("messages", "a list whose last message of role user has a text");
  }
  request.question = std::move(exchanges.back().question);
  request.attachments = std::move(exchanges.back().tool_outputs);
  exchanges.pop_back();
  for (Exchange& exchange : exchanges) {
    request.history.push_back({std::move(exchange.question), {{"response", exchange.answer}}, ""});
  }
  return {};
}

}  // namespace

Result<CompletionRequest> parse_completion_request(const json::object& body) {
  CompletionRequest request;
  auto model = required_string(body, "model");
  if (!model) return std::unexpected(model.error());
  const auto read = read_messages(body, request);
  if (!read) return std::unexpected(read.error());
  const auto stream = optional_bool(body, "stream");
  if (!stream) return std::unexpected(stream.error());
  const auto choices = optional_integer(body, "n", 1, 128);
  if (!choices) return std::unexpected(choices.error());
  if (choices->value_or(1) != 1) {
    return fail(ErrorCode::invalid_input, "field \"n\" must be 1: there is one answer to a question about the code");
  }
  request.model = std::move(*model);
  request.is_stream = stream->value_or(false);
  const json::value* options = body.if_contains("stream_options");
  if (options != nullptr && options->is_object()) {
    const auto usage = optional_bool(options->as_object(), "include_usage");
    if (!usage) return wrong_field("stream_options.include_usage", "true or false");
    request.wants_usage = usage->value_or(false);
  }
  return request;
}

}  // namespace codehelper
