#include "openai_model.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <optional>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/net/sse.hpp"
#include "model_messages.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxEventBytes = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kMaxWholeBytes = std::size_t{16} * 1024 * 1024;

json::object write_message(const ModelMessage& message) {
  json::object written{{"role", to_string(message.role)}, {"content", to_valid_utf8(message.content)}};
  if (message.role == MessageRole::tool) written["tool_call_id"] = message.tool_call_id;
  if (message.tool_calls.empty()) return written;
  if (message.content.empty()) written["content"] = nullptr;
  json::array calls;
  for (const ToolCall& call : message.tool_calls) {
    json::object function{{"name", call.name}, {"arguments", json::serialize(arguments_object(call))}};
    calls.push_back({{"id", call.id}, {"type", "function"}, {"function", std::move(function)}});
  }
  written["tool_calls"] = std::move(calls);
  return written;
}

std::unexpected<Error> nonsense(std::string_view what) {
  return fail(ErrorCode::bad_answer,
              fmt::format("the model server answered with nonsense: {}; see that LLM_URL and LLM_API are right", what));
}

const json::object* object_in(const json::object& object, std::string_view field) {
  const json::value* found = object.if_contains(field);
  return found == nullptr ? nullptr : found->if_object();
}

class OpenAiReader final : public ModelAnswerReader {
 public:
  explicit OpenAiReader(ModelAnswer& answer) : answer_(answer), events_(kMaxEventBytes) {}

  Result<void> feed(std::string_view bytes) override {
    if (is_done_) return {};
    if (!is_whole_) {
      const std::size_t first = bytes.find_first_not_of(" \t\r\n");
      if (first == std::string_view::npos) return {};
      is_whole_ = bytes[first] == '{';
    }
    return *is_whole_ ? keep(bytes) : feed_events(bytes);
  }

  Result<void> end() override {
    if (is_done_) return {};
    if (is_whole_.value_or(false)) return take(whole_);
    auto rest = feed_events("\n\n");
    if (answer_.is_finished()) return {};
    if (!has_events_) return nonsense("there was no event in its stream");
    return rest;
  }

 private:
  Result<void> keep(std::string_view bytes) {
    whole_ += bytes;
    if (whole_.size() > kMaxWholeBytes) return nonsense("one answer of more than 16 MiB");
    return {};
  }

  Result<void> feed_events(std::string_view bytes) {
    auto events = events_.feed(bytes);
    if (!events) return nonsense(events.error().message);
    for (const SseEvent& event : *events) {
      has_events_ = true;
      if (event.data == "[DONE]") {
        is_done_ = true;
        return {};
      }
      if (event.data.empty()) continue;
      auto taken = take(event.data);
      if (!taken) return taken;
    }
    return {};
  }

  Result<void> take(std::string_view text) {
    const auto chunk = parse_json_object(text);
    if (!chunk) return nonsense(chunk.error().message);
    const json::value* error = chunk->if_contains("error");
    const bool is_error = (error != nullptr && !error->is_null()) || text_in(*chunk, "object") == "error";
    if (is_error) return std::unexpected(explain_late_error(read_server_words(text)));
    const json::value* choices = chunk->if_contains("choices");
    const json::array* list = choices == nullptr ? nullptr : choices->if_array();
    if (list != nullptr && !list->empty() && list->front().is_object()) take_choice(list->front().as_object());
    const json::object* usage = object_in(*chunk, "usage");
    if (usage != nullptr) answer_.set_usage(count_in(*usage, "prompt_tokens"), count_in(*usage, "completion_tokens"));
    return {};
  }

  void take_choice(const json::object& choice) {
    const json::object* delta = object_in(choice, "delta");
    if (delta == nullptr) delta = object_in(choice, "message");
    if (delta != nullptr) take_delta(*delta);
    const std::string reason = text_in(choice, "finish_reason");
    if (!reason.empty()) answer_.finish(has_refusal_ ? "refusal" : reason);
  }

  void take_delta(const json::object& delta) {
    // Servers that know both names send the same text under both.
    const std::string reasoning = text_in(delta, "reasoning_content");
    answer_.add_reasoning(reasoning.empty() ? text_in(delta, "reasoning") : reasoning);
    answer_.add_content(text_in(delta, "content"));
    const std::string refusal = text_in(delta, "refusal");
    has_refusal_ = has_refusal_ || !refusal.empty();
    answer_.add_content(refusal);
    const json::value* calls = delta.if_contains("tool_calls");
    if (calls != nullptr && calls->is_array()) {
      for (const json::value& call : calls->as_array()) answer_.add_call(call);
    }
    if (object_in(delta, "function_call") != nullptr) answer_.add_call(delta.at("function_call"));  // the older form
  }

  ModelAnswer& answer_;
  SseParser events_;
  std::optional<bool> is_whole_;  // one JSON text, no stream; nothing = not known yet
  std::string whole_;
  bool has_events_ = false;
  bool has_refusal_ = false;
  bool is_done_ = false;
};

}  // namespace

std::string make_openai_request(std::string_view model, const ModelRequest& request, const ServerHabits& habits) {
  json::array messages;
  for (const ModelMessage& message : request.messages) messages.push_back(write_message(message));
  json::object body{{"model", model}, {"messages", std::move(messages)}, {"stream", true}};
  if (habits.takes_usage_option) body["stream_options"] = {{"include_usage", true}};
  body[habits.wants_completion_tokens ? "max_completion_tokens" : "max_tokens"] = request.max_output_tokens;
  if (!request.tools.empty()) body["tools"] = tools_array(request.tools);  // some refuse an empty list
  if (request.schema) {
    body["response_format"] = {{"type", "json_schema"},
                               {"json_schema", {{"name", "answer"}, {"schema", *request.schema}}}};
  }
  return json::serialize(body);
}

std::unique_ptr<ModelAnswerReader> make_openai_reader(ModelAnswer& answer) {
  return std::make_unique<OpenAiReader>(answer);
}

}  // namespace codehelper
