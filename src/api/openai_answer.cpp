#include "openai_answer.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/net/sse.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kPieceBytes = 256;
constexpr std::string_view kDone = "data: [DONE]\n\n";

const json::array& list_in(const json::object& object, std::string_view field) {
  static const json::array kNone;
  const json::value* list = object.if_contains(field);
  return list != nullptr && list->is_array() ? list->as_array() : kNone;
}

std::string describe_sources(const json::object& answer) {
  std::string text;
  for (const json::value& item : list_in(answer, "sources")) {
    const json::object& source = item.as_object();
    const json::value* verified = source.if_contains("verified");
    text += fmt::format("- `{}:{}-{}`{}\n", text_in(source, "path"), count_in(source, "start_line"),
                        count_in(source, "end_line"), verified != nullptr && *verified == true ? "" : " [unverified]");
  }
  return text.empty() ? text : "\n**Sources**\n" + text;
}

/// The answer's text with its sources and notes.
std::string make_text(const CompletionStyle& style, const json::object& answer) {
  std::string text = text_in(answer, "response");
  std::string below = describe_sources(answer);
  for (const json::value& note : list_in(answer, "notes")) {
    below += fmt::format("\n*{}*\n", std::string_view(note.as_string()));
  }
  if (style.left_out > 0) {
    below += fmt::format("\n*{} parts of the messages were left out: only text is read.*\n", style.left_out);
  }
  if (!below.empty() && !text.ends_with('\n')) text += '\n';
  return text + below;
}

std::string_view find_finish_reason(const json::object& answer) {
  const std::string outcome = text_in(answer, "outcome");
  if (outcome == "cut") return "length";
  return outcome == "refused" ? "content_filter" : "stop";
}

/// Zeros when no model was asked.
json::object make_usage(const json::object& answer) {
  const json::value* used = answer.if_contains("usage");
  const json::object none;
  const json::object& usage = used != nullptr && used->is_object() ? used->as_object() : none;
  const std::uint64_t prompt = count_in(usage, "prompt_tokens");
  const std::uint64_t completion = count_in(usage, "completion_tokens");
  return {{"prompt_tokens", prompt}, {"completion_tokens", completion}, {"total_tokens", prompt + completion}};
}

json::object make_chunk(const CompletionStyle& style, json::array choices) {
  json::object chunk{{"id", style.id},
                     {"object", "chat.completion.chunk"},
                     {"created", style.created},
                     {"model", style.model},
                     {"choices", std::move(choices)}};
  if (style.wants_usage) chunk["usage"] = nullptr;
  return chunk;
}

std::string tell(const json::object& data) {
  return format_sse({.event = "", .data = to_json_text(data), .id = ""});
}

std::string tell_delta(const CompletionStyle& style, json::object delta, json::value finish_reason = nullptr) {
  json::object choice{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}};
  return tell(make_chunk(style, json::array{std::move(choice)}));
}

std::string tell_text(const CompletionStyle& style, std::string_view text) {
  std::string chunks;
  while (!text.empty()) {
    const std::size_t size = text.size() > kPieceBytes ? character_border(text, kPieceBytes) : text.size();
    chunks += tell_delta(style, {{"content", text.substr(0, size)}});
    text.remove_prefix(size);
  }
  return chunks;
}

std::string tell_end(const CompletionStyle& style, const json::object& answer) {
  std::string text = tell_text(style, make_text(style, answer));
  text += tell_delta(style, {}, json::string(find_finish_reason(answer)));
  if (style.wants_usage) {
    json::object last = make_chunk(style, {});
    last["usage"] = make_usage(answer);
    text += tell(last);
  }
  return text.append(kDone);
}

std::string_view error_type(int status) {
  constexpr int kServerErrors = 500;
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 429) return "rate_limit_error";
  return status < kServerErrors ? "invalid_request_error" : "server_error";
}

/// What an error's message names as `field "…"`, or null.
json::value find_param(std::string_view message) {
  constexpr std::string_view kBegin = "field \"";
  const std::size_t begin = message.find(kBegin);
  const std::size_t end = begin == std::string_view::npos ? begin : message.find('"', begin + kBegin.size());
  if (end == std::string_view::npos) return nullptr;
  return json::string(message.substr(begin + kBegin.size(), end - begin - kBegin.size()));
}

json::object make_error(int status, const json::object& envelope) {
  const std::string message = text_in(envelope, "message");
  const std::string code = status == 401 ? "invalid_api_key" : text_in(envelope, "error");
  json::value param = code == "model_not_found" ? json::value("model") : find_param(message);
  return {
      {"error",
       json::object{{"message", message}, {"type", error_type(status)}, {"param", std::move(param)}, {"code", code}}}};
}

}  // namespace

json::object make_completion(const CompletionStyle& style, const json::object& answer) {
  json::object message{{"role", "assistant"}, {"content", make_text(style, answer)}, {"refusal", nullptr}};
  json::object choice{{"index", 0},
                      {"message", std::move(message)},
                      {"logprobs", nullptr},
                      {"finish_reason", find_finish_reason(answer)}};
  return {{"id", style.id},
          {"object", "chat.completion"},
          {"created", style.created},
          {"model", style.model},
          {"choices", json::array{std::move(choice)}},
          {"usage", make_usage(answer)}};
}

std::string make_completion_chunks(const CompletionStyle& style, const RunEvent& event) {
  constexpr int kLateError = 500;
  if (event.name == "started") return tell_delta(style, {{"role", "assistant"}, {"content", ""}});
  if (event.name != "step" && event.name != "done" && event.name != "error") return {};
  const json::object data = parse_json_object(event.data).value_or(json::object());
  if (event.name == "error") return tell(make_error(kLateError, data));
  if (event.name == "done") return tell_end(style, data);
  const std::string step =
      fmt::format("{}: {}: {}\n", text_in(data, "role"), text_in(data, "action"), text_in(data, "outcome"));
  return tell_delta(style, {{"reasoning_content", step}});
}

HttpReply make_openai_error(HttpReply reply) {
  const auto envelope = parse_json_object(reply.body);
  if (envelope) reply.body = to_json_text(make_error(reply.status, *envelope));
  return reply;
}

}  // namespace codehelper
