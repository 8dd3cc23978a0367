#include "model_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <initializer_list>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr std::size_t kShownBytes = 400;

bool tells_of(std::string_view said, std::initializer_list<std::string_view> words) {
  const std::string lower = to_lower_ascii(said);
  return std::ranges::any_of(words, [&](std::string_view word) { return lower.contains(word); });
}

bool tells_of_length(std::string_view said) {
  return tells_of(said,
                  {"context length", "context_length", "context size", "context window", "is too long", "too large",
                   "input length", "maximum length", "token limit", "exceeds the available context"});
}

bool tells_of_tools(std::string_view said) {
  return tells_of(said, {"does not support tools", "doesn't support tools", "tool choice requires", "enable-auto-tool",
                         "requires --jinja", "tool use is not supported", "tools are not supported",
                         "does not support function", "no endpoints found that support tool"});
}

std::optional<double> read_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number) || number < 0)
    return std::nullopt;
  return number;
}

constexpr std::chrono::days kLongestPause{1};

milliseconds to_pause(double pause_ms) {
  constexpr auto kMost = static_cast<double>(milliseconds(kLongestPause).count());
  return milliseconds(static_cast<std::int64_t>(std::ceil(std::min(pause_ms, kMost))));
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<std::chrono::sys_seconds> read_date(std::string_view text) {
  std::tm parts{};
  const std::string terminated(text);
  const char* end = ::strptime(terminated.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

// "message" of an error that is an object, or the error itself when it is text.
std::string words_in(const json::value& error) {
  if (error.is_string()) return std::string(error.as_string());
  return error.is_object() ? text_in(error.as_object(), "message") : std::string();
}

ModelFailure explain(ErrorCode code, std::string_view said, std::string_view way_out) {
  ModelFailure failure;
  failure.error = {code, fmt::format("the model server said {}: {}", said, way_out)};
  return failure;
}

ModelFailure explain_status(int status, std::string_view words, std::string_view model) {
  const std::string said = fmt::format("{} {}", status, words.empty() ? "without a word" : words);
  if (tells_of_length(words)) {
    return explain(ErrorCode::too_large, said,
                   "the prompt doesn't fit the model's context; ask for less at once, or "
                   "set LLM_CONTEXT_TOKENS to what the server really takes");
  }
  if (status == 401 || status == 403) {
    return explain(ErrorCode::unauthorized, said, "set LLM_API_KEY to a key that it takes");
  }
  if (status == 404) {
    return explain(
        ErrorCode::not_found, said,
        fmt::format("see that LLM_URL is right, and that the server has the model {}, or set LLM_MODEL", model));
  }
  if (tells_of(words, {"insufficient_quota", "exceeded your current quota", "billing"})) {
    return explain(ErrorCode::unavailable, said, "the account has no credit left");
  }
  if (status == 429 || status == 408 || status == 503) {
    ModelFailure failure = explain(ErrorCode::overloaded, said, "it is busy or still loading its model; try again");
    failure.is_passing = true;
    return failure;
  }
  ModelFailure failure = explain(ErrorCode::unavailable, said, "see its log");
  failure.is_passing = (status == 500 || status == 502 || status == 504) && !tells_of_tools(words);
  return failure;
}

// Servers repeat what they were sent, keys too.
std::string shown_words(std::string_view words) {
  constexpr std::size_t kReadBytes = 4 * kShownBytes;  // so that no key is cut before it is masked
  const auto read = words.substr(0, character_border(words, std::min(kReadBytes, words.size())));
  std::string shown = mask_secrets(to_valid_utf8(read)).text;
  shown.resize(character_border(shown, std::min(kShownBytes, shown.size())));
  return shown;
}

}  // namespace

std::string read_server_words(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return shown_words(body);
  for (const std::string_view field : {"error", "message", "detail"}) {
    const json::value* found = object->if_contains(field);
    const std::string words = found == nullptr ? std::string() : words_in(*found);
    if (!words.empty()) return shown_words(words);
  }
  return {};
}

ModelFailure explain_refusal(const HttpAnswer& answer, std::string_view model) {
  std::string words = read_server_words(answer.body);
  ModelFailure failure = explain_status(answer.status, words, model);
  failure.pause = read_pause(answer.headers, std::chrono::system_clock::now());
  failure.status = answer.status;
  failure.said = std::move(words);
  return failure;
}

Error explain_late_error(std::string_view said) {
  if (tells_of_length(said)) return explain(ErrorCode::too_large, said, "the prompt doesn't fit its context").error;
  const bool is_busy = tells_of(said, {"rate limit", "overloaded", "too many requests", "server busy"});
  const auto code = is_busy ? ErrorCode::overloaded : ErrorCode::unavailable;
  return {code,
          fmt::format("the model server broke off its answer with the words: {}", said.empty() ? "(none)" : said)};
}

std::optional<milliseconds> read_pause(const HttpHeaders& headers, std::chrono::system_clock::time_point now) {
  if (const auto exact = headers.find("retry-after-ms")) {
    if (const auto number = read_number(*exact)) return to_pause(*number);
  }
  const auto text = headers.find("Retry-After");
  if (!text) return std::nullopt;
  if (const auto seconds = read_number(*text)) return to_pause(*seconds * 1000);
  const auto date = read_date(*text);
  if (!date) return std::nullopt;
  // In seconds: a far year is beyond the clock's nanoseconds.
  const auto wait = *date - std::chrono::floor<std::chrono::seconds>(now);
  return std::clamp<milliseconds>(wait, milliseconds(0), kLongestPause);
}

ServerHabits learn_from_refusal(ServerHabits habits, const ModelFailure& failure, const ModelRequest& request) {
  const bool is_about_request = failure.status == 400 || failure.status == 422;
  const std::string_view said = failure.said;
  if (failure.status == 0 || failure.error.code == ErrorCode::too_large) return habits;
  if (!request.tools.empty() && habits.tools == ToolSupport::native && tells_of_tools(said)) {
    habits.tools = ToolSupport::text;
    return habits;
  }
  if (is_about_request && said.contains("max_completion_tokens") && !habits.wants_completion_tokens) {
    habits.wants_completion_tokens = true;
    return habits;
  }
  if (is_about_request && said.contains("stream_options") && habits.takes_usage_option) {
    habits.takes_usage_option = false;
    return habits;
  }
  const bool tells_of_grammar = tells_of(said, {"grammar", "json_schema", "response_format", "json schema"});
  if (request.schema && habits.takes_schema && (is_about_request || tells_of_grammar)) habits.takes_schema = false;
  return habits;
}

}  // namespace codehelper
