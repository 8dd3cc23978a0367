#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "text_tools.hpp"
#include "tool_call_accumulator.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::string_view kOpenTag = "<tool_call>";
constexpr std::string_view kCloseTag = "</tool_call>";
constexpr std::string_view kFence = "```";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kMaxCallBytes = std::size_t{128} * 1024;  // more held back is no call
constexpr std::size_t kNone = std::string_view::npos;

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

/// The end of the JSON object or array that begins at `begin`, by its brackets alone; kNone when it isn't there yet.
std::size_t find_json_end(std::string_view text, std::size_t begin) {
  std::size_t depth = 0;
  bool is_in_string = false;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      if (c == '\\') ++i;
      if (c == '"') is_in_string = false;
      continue;
    }
    if (c == '"') is_in_string = true;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return i + 1;
  }
  return kNone;
}

/// How much of `mark` the text ends in.
std::size_t partial_mark_bytes(std::string_view text, std::string_view mark) {
  std::size_t size = std::min(text.size(), mark.size() - 1);
  while (size > 0 && !text.ends_with(mark.substr(0, size))) --size;
  return size;
}

const json::value* find_arguments(const json::object& object) {
  for (const std::string_view field : {"arguments", "parameters"}) {
    if (const json::value* found = object.if_contains(field)) return found;
  }
  return nullptr;
}

/// A call as the text has it: {"name","arguments"}, or as OpenAI wraps it. Nothing when it is another object.
std::optional<ToolCall> read_call(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  if (const json::value* inner = object->if_contains("function"); inner != nullptr && inner->is_object()) {
    object = &inner->as_object();
  }
  const json::value* arguments = find_arguments(*object);
  ToolCall call;
  call.name = text_in(*object, "name");
  if (call.name.empty() || arguments == nullptr) return std::nullopt;
  call.arguments = arguments->is_string() ? std::string(arguments->as_string()) : json::serialize(*arguments);
  if (arguments->is_null() || skip_blanks(call.arguments, 0) == call.arguments.size()) call.arguments = "{}";
  return call;
}

}  // namespace

std::string TextCallFilter::feed(std::string_view piece) {
  if (tool_names_.empty()) return std::string(piece);
  held_ += piece;
  return drain();
}

std::string TextCallFilter::end() {
  has_ended_ = true;
  std::string text = drain();
  if (calls_.empty()) text += held_;
  held_.clear();
  return text;
}

std::string TextCallFilter::drain() {
  std::string text;
  while (true) {
    const Place place = find_opening();
    give(place.at, text);
    if (place.opening == Opening::none) return text;
    const Judgement judged = judge(place.opening);
    switch (judged.verdict) {
      case Verdict::unknown:
        return text;
      case Verdict::text:
        give(judged.bytes, text);
        break;
      case Verdict::call:
        held_.erase(0, judged.bytes);
        break;
    }
  }
}

/// Moves the first bytes out.
void TextCallFilter::give(std::size_t bytes, std::string& text) {
  const std::string_view given = std::string_view(held_).substr(0, bytes);
  const std::size_t line_end = given.rfind('\n');
  if (line_end != kNone) is_line_blank_ = true;
  const std::string_view last_line = line_end == kNone ? given : given.substr(line_end + 1);
  if (last_line.find_first_not_of(kBlanks) != kNone) is_line_blank_ = false;
  if (calls_.empty()) text += given;
  held_.erase(0, bytes);
}

/// Where the first thing begins that may be a call; without one, how much is certain to be text.
TextCallFilter::Place TextCallFilter::find_opening() const {
  const std::string_view text = held_;
  bool is_blank = is_line_blank_;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (text.substr(i).starts_with(kOpenTag)) return {Opening::tag, i};
    if (is_blank && c == '{') return {Opening::object, i};
    if (is_blank && text.substr(i).starts_with(kFence)) return {Opening::fence, i};
    if (c == '\n') {
      is_blank = true;
    } else if (kBlanks.find(c) == kNone) {
      is_blank = false;
    }
  }
  if (has_ended_) return {Opening::none, text.size()};
  const std::size_t open = std::max(partial_mark_bytes(text, kOpenTag), partial_mark_bytes(text, kFence));
  return {Opening::none, text.size() - open};
}

TextCallFilter::Judgement TextCallFilter::judge(Opening opening) {
  Judgement judged;
  if (opening == Opening::tag) judged = judge_tag();
  if (opening == Opening::fence) judged = judge_fence();
  if (opening == Opening::object) judged = judge_object(0);
  if (judged.verdict != Verdict::unknown) return judged;
  // Nothing more comes, or too much has: it was no call, but one may stand within.
  return has_ended_ || held_.size() > kMaxCallBytes ? Judgement{Verdict::text, 1} : judged;
}

TextCallFilter::Judgement TextCallFilter::judge_tag() {
  const std::string_view text = held_;
  const std::size_t begin = skip_blanks(text, kOpenTag.size());
  const bool has_json = begin < text.size() && (text[begin] == '{' || text[begin] == '[');
  const std::size_t json_end = has_json ? find_json_end(text, begin) : kNone;
  if (json_end != kNone) {
    const std::size_t close = skip_blanks(text, json_end);
    const std::string_view rest = text.substr(close);
    const bool may_close = kCloseTag.starts_with(rest.substr(0, kCloseTag.size()));
    if (may_close && rest.size() < kCloseTag.size() && !has_ended_) return {};
    const std::string_view payload = text.substr(begin, json_end - begin);
    if (!take_calls(payload) && !take_broken_call(payload)) return {Verdict::text, kOpenTag.size()};
    return {Verdict::call, rest.starts_with(kCloseTag) ? close + kCloseTag.size() : json_end};
  }
  // No JSON, or brackets that don't match: the tag says where it ends, if there is one.
  const std::size_t close = text.find(kCloseTag, kOpenTag.size());
  const bool is_hopeless = has_ended_ || (!has_json && begin < text.size());
  if (!is_hopeless) return {};
  if (close == kNone && !has_ended_) return {};
  const std::size_t end = std::min(close, text.size());
  if (!take_broken_call(text.substr(begin, end - std::min(begin, end)))) {
    return {Verdict::text, kOpenTag.size()};
  }
  return {Verdict::call, close == kNone ? text.size() : close + kCloseTag.size()};
}

TextCallFilter::Judgement TextCallFilter::judge_fence() {
  const std::string_view text = held_;
  const std::size_t line_end = text.find('\n');
  const std::string_view info = text.substr(kFence.size(), std::min(line_end, text.size()) - kFence.size());
  constexpr std::array<std::string_view, 4> kInfos = {"", "json", "tool_call", "tool"};
  const auto may_become = [&](std::string_view known) {
    return line_end == kNone ? known.starts_with(info) : known == info.substr(0, info.find_last_not_of(kBlanks) + 1);
  };
  if (!std::ranges::any_of(kInfos, may_become)) return {Verdict::text, kFence.size()};
  if (line_end == kNone) return {};
  const std::size_t begin = skip_blanks(text, line_end);
  if (begin == text.size()) return {};
  if (text[begin] != '{' && text[begin] != '[') return {Verdict::text, begin};
  Judgement judged = judge_object(begin);
  if (judged.verdict != Verdict::call) return judged;
  const std::size_t close = skip_blanks(text, judged.bytes);
  const std::string_view rest = text.substr(close);
  if (rest.starts_with(kFence)) judged.bytes = close + kFence.size();
  return judged;
}

/// JSON at `begin` counts as a call only when it names a known tool: an answer may hold other JSON.
TextCallFilter::Judgement TextCallFilter::judge_object(std::size_t begin) {
  const std::string_view text = held_;
  const std::size_t first = skip_blanks(text, begin + 1);
  if (first == text.size()) return {};
  const char expected = text[begin] == '{' ? '"' : '{';
  if (text[first] != expected) return {Verdict::text, first};
  const std::size_t end = find_json_end(text, begin);
  if (end == kNone) return {};
  const std::string_view payload = text.substr(begin, end - begin);
  return {take_calls(payload) ? Verdict::call : Verdict::text, end};
}

/// One call or a list of them. Inside the tags any name will do: whoever runs the tools says that there is none such.
bool TextCallFilter::take_calls(std::string_view payload) {
  json::error_code error;
  const json::value value = json::parse(payload, error);
  if (error) return false;
  const bool is_tagged = held_.starts_with(kOpenTag);
  std::vector<ToolCall> calls;
  const auto take = [&](const json::value& entry) {
    auto call = read_call(entry);
    const bool is_taken = call && (is_tagged || std::ranges::find(tool_names_, call->name) != tool_names_.end());
    if (is_taken) calls.push_back(std::move(*call));
    return is_taken;
  };
  const json::array* list = value.if_array();
  const bool all = list == nullptr ? take(value) : !list->empty() && std::ranges::all_of(*list, take);
  if (!all) return false;
  for (ToolCall& call : calls) {
    call.id = make_tool_call_id();
    calls_.push_back(std::move(call));
  }
  return true;
}

/// A call whose JSON is damaged, if a tool is named in it: its arguments are left as they are, so that the model is
/// told of its mistake.
bool TextCallFilter::take_broken_call(std::string_view payload) {
  constexpr std::string_view kName = "\"name\"";
  const std::size_t key = payload.find(kName);
  if (key == kNone) return false;
  const std::size_t open = payload.find('"', key + kName.size());
  const std::size_t close = open == kNone ? kNone : payload.find('"', open + 1);
  if (close == kNone) return false;
  constexpr std::string_view kArguments = "\"arguments\"";
  const std::size_t arguments = payload.find(kArguments, close);
  std::string_view text = "{}";
  if (arguments != kNone) {
    text = payload.substr(arguments + kArguments.size());
    text.remove_prefix(std::min(text.find_first_not_of(": \t\r\n"), text.size()));
    if (text.empty()) text = "{";  // cut before they began
  }
  calls_.push_back({make_tool_call_id(), std::string(payload.substr(open + 1, close - open - 1)), std::string(text)});
  return true;
}

}  // namespace codehelper
