#include "ollama_model.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <bit>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"
#include "model_failure.hpp"
#include "model_messages.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxLineBytes = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kSmallestWindow = 4096;
/// A window that cuts leaves at least half of it.
constexpr std::size_t kSmallestCut = 512;

json::object write_message(const ModelMessage& message) {
  json::object written{{"role", to_string(message.role)}, {"content", to_valid_utf8(message.content)}};
  if (message.role == MessageRole::tool) {
    written["tool_name"] = message.tool_name;
    written["tool_call_id"] = message.tool_call_id;
  }
  if (message.tool_calls.empty()) return written;
  json::array calls;
  for (const ToolCall& call : message.tool_calls) {
    json::object function{{"name", call.name}, {"arguments", arguments_object(call)}};
    calls.push_back({{"id", call.id}, {"function", std::move(function)}});
  }
  written["tool_calls"] = std::move(calls);
  return written;
}

class OllamaReader final : public ModelAnswerReader {
 public:
  explicit OllamaReader(ModelAnswer& answer) : answer_(answer) {}

  Result<void> feed(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      line_ += bytes.substr(0, end);
      if (line_.size() > kMaxLineBytes) return nonsense("a line of more than 4 MiB");
      if (end == std::string_view::npos) return {};
      bytes.remove_prefix(end + 1);
      auto taken = take(std::exchange(line_, {}));
      if (!taken) return taken;
    }
    return {};
  }

  Result<void> end() override { return answer_.is_finished() ? Result<void>{} : take(std::exchange(line_, {})); }

 private:
  static std::unexpected<Error> nonsense(std::string_view what) {
    return fail(ErrorCode::bad_answer,
                fmt::format("Ollama answered with nonsense: {}; see that LLM_URL and LLM_API are right", what));
  }

  Result<void> take(const std::string& line) {
    if (is_blank(line)) return {};
    const auto part = parse_json_object(line);
    if (!part) return nonsense(part.error().message);
    const json::value* error = part->if_contains("error");
    if (error != nullptr && !error->is_null()) return std::unexpected(explain_late_error(read_server_words(line)));
    const json::value* message = part->if_contains("message");
    if (message != nullptr && message->is_object()) take_message(message->as_object());
    const json::value* done = part->if_contains("done");
    if (done == nullptr || !done->is_bool() || !done->as_bool()) return {};
    const std::string reason = text_in(*part, "done_reason");
    answer_.finish(reason.empty() ? "stop" : reason);
    const std::size_t prompt = count_in(*part, "prompt_eval_count");
    if (prompt != 0) answer_.set_usage(prompt, count_in(*part, "eval_count"));
    return {};
  }

  void take_message(const json::object& message) {
    answer_.add_reasoning(text_in(message, "thinking"));
    answer_.add_content(text_in(message, "content"));
    const json::value* calls = message.if_contains("tool_calls");
    if (calls == nullptr || !calls->is_array()) return;
    for (const json::value& call : calls->as_array()) answer_.add_call(call);
  }

  ModelAnswer& answer_;
  std::string line_;
};

}  // namespace

std::string make_ollama_request(std::string_view model, const ModelRequest& request, std::size_t window_tokens) {
  json::array messages;
  for (const ModelMessage& message : request.messages) messages.push_back(write_message(message));
  json::object body{{"model", model},
                    {"messages", std::move(messages)},
                    {"stream", true},
                    {"options", {{"num_ctx", window_tokens}, {"num_predict", request.max_output_tokens}}}};
  if (!request.tools.empty()) body["tools"] = tools_array(request.tools);
  if (request.schema) body["format"] = *request.schema;
  return json::serialize(body);
}

std::size_t choose_window(std::size_t needed, std::size_t current, std::size_t limit) {
  constexpr std::size_t kLargest = std::size_t{1} << 30;
  const std::size_t step = std::bit_ceil(std::clamp(needed, kSmallestWindow, kLargest));
  const std::size_t window = std::max(step, current);
  return limit == 0 ? window : std::min(window, limit);
}

bool was_prompt_cut(std::size_t estimated, std::size_t read) {
  return read >= kSmallestCut && read * 5 < estimated * 2;
}

std::unique_ptr<ModelAnswerReader> make_ollama_reader(ModelAnswer& answer) {
  return std::make_unique<OllamaReader>(answer);
}

}  // namespace codehelper
