#include "chat_display.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <cstdio>

#include "client.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kShownArguments = 80;  // bytes
constexpr std::string_view kUnverified = " [unverified]";

const json::array& array_in(const json::object& object, std::string_view field) {
  static const json::array kNone;
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_array() ? value->as_array() : kNone;
}

// One line, cut where it gets long.
std::string shorten(std::string text, std::size_t bytes) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  if (text.size() <= bytes) return text;
  return text.substr(0, character_border(text, bytes)) + "…";
}

// `{"query":"x"}` as people read it: x, and of several arguments a=x b=y.
std::string describe_arguments(const json::object& call) {
  const json::value* arguments = call.if_contains("arguments");
  if (arguments == nullptr || !arguments->is_object()) return text_in(call, "arguments");
  std::string text;
  for (const auto& [name, value] : arguments->as_object()) {
    const std::string shown = value.is_string() ? std::string(value.as_string()) : to_json_text(value);
    if (!text.empty()) text += ' ';
    text += arguments->as_object().size() == 1 ? shown : fmt::format("{}={}", std::string_view(name), shown);
  }
  return text;
}

// The marks of places that can't be verified are set at the end of an answer; its text came without them.
std::string without_marks(std::string_view text) {
  std::string plain(text);
  for (std::size_t at = plain.find(kUnverified); at != std::string::npos; at = plain.find(kUnverified, at)) {
    plain.erase(at, kUnverified.size());
  }
  while (plain.ends_with('\n')) plain.pop_back();
  return plain;
}

}  // namespace

void ChatDisplay::take(std::string_view event, const json::object& data) {
  if (event == "token") {
    take_token(data);
  } else if (event == "tool_call") {
    calls_[text_in(data, "id")] = describe_arguments(data);
  } else if (event == "tool_result") {
    take_tool(data);
  } else if (event == "output") {
    break_off();
    fmt::print(stderr, "{}", terminal_.err.paint(Tone::dim, terminal_.err.clean(text_in(data, "text"))));
  }
}

void ChatDisplay::take_tool(const json::object& result) {
  std::string line = text_in(result, "name");
  const auto call = calls_.find(text_in(result, "id"));
  if (call != calls_.end() && !call->second.empty()) line += " " + shorten(call->second, kShownArguments);
  line += ": " + shorten(text_in(result, "summary"), 2 * kShownArguments);
  show_line(line);
}

// Text of a round that went on with tool calls was no answer; on a terminal it stays as a word in between.
void ChatDisplay::take_token(const json::object& token) {
  if (format_ == Format::json || !terminal_.out.is_terminal()) return;
  const std::uint64_t round = count_in(token, "round");
  if (round != round_) {
    break_off();
    streamed_.clear();
    round_ = round;
  }
  const std::string text = text_in(token, "text");
  if (text.empty()) return;
  streamed_ += text;
  const std::string shown = terminal_.out.clean(text);
  fmt::print("{}", shown);
  std::fflush(stdout);
  is_line_open_ = !shown.ends_with('\n');
}

void ChatDisplay::break_off() {
  if (is_line_open_) fmt::print("\n");
  std::fflush(stdout);
  is_line_open_ = false;
}

void ChatDisplay::show_line(std::string_view text) {
  break_off();
  fmt::print(stderr, "{}\n", terminal_.err.paint(Tone::dim, terminal_.err.clean(text)));
}

Result<void> ChatDisplay::finish(const json::object& answer) {
  const auto response = required_string(answer, "response");
  if (!response) return std::unexpected(foreign_answer());
  if (format_ == Format::json) {
    fmt::print("{}\n", to_json_text(answer));
    std::fflush(stdout);
    return {};
  }
  show_response(*response);
  show_sources(answer);
  show_notes(answer);
  return {};
}

void ChatDisplay::show_response(std::string_view response) {
  const std::string streamed = without_marks(streamed_);
  const std::string whole = without_marks(response);
  std::string rest(response);
  if (!streamed.empty() && whole.starts_with(streamed)) {
    rest = whole.substr(streamed.size());
  } else if (!streamed.empty()) {
    show_line("— the answer as it was checked —");
  }
  fmt::print("{}", terminal_.out.clean(rest));
  is_line_open_ = rest.empty() ? is_line_open_ : !rest.ends_with('\n');
  break_off();
}

void ChatDisplay::show_sources(const json::object& answer) {
  const json::array& sources = array_in(answer, "sources");
  if (sources.empty()) return;
  fmt::print(stderr, "\n{}\n", terminal_.err.paint(Tone::bold, "sources:"));
  for (const json::value& item : sources) {
    if (!item.is_object()) continue;
    const json::object& source = item.as_object();
    const auto verified = optional_bool(source, "verified");
    const bool is_verified = verified && verified->value_or(false);
    const std::uint64_t start = count_in(source, "start_line");
    const std::uint64_t end = count_in(source, "end_line");
    const std::string lines = start == end ? fmt::format("{}", start) : fmt::format("{}-{}", start, end);
    fmt::print(stderr, "  {}:{}{}\n", terminal_.err.clean(text_in(source, "path")), lines,
               is_verified ? "" : terminal_.err.paint(Tone::bad, kUnverified));
  }
}

void ChatDisplay::show_notes(const json::object& answer) {
  for (const json::value& note : array_in(answer, "notes")) {
    if (note.is_string()) fmt::print(stderr, "note: {}\n", terminal_.err.clean(std::string_view(note.as_string())));
  }
}

}  // namespace codehelper
