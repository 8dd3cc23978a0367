#include "tool_call_accumulator.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/request_context.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::size_t kIdLetters = 9;

// What some servers send before the true arguments come.
bool is_placeholder(std::string_view arguments) {
  return arguments == "{}" || arguments == "null";
}

std::string read_arguments(const json::value* value) {
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return std::string(value->as_string());
  return json::serialize(*value);
}

}  // namespace

std::string make_tool_call_id() {
  return make_request_id().substr(0, kIdLetters);
}

bool is_json_object(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos || text[last] != '}') return false;  // parsing is for the end only
  return parse_json_object(text).has_value();
}

void ToolCallAccumulator::add(const json::value& entry) {
  if (!entry.is_object()) return;
  Fragment next = read(entry.as_object());
  Fragment* call = find(next);
  if (call == nullptr || begins_another(*call, next)) {
    calls_.push_back(std::move(next));
  } else {
    merge(*call, std::move(next));
  }
}

std::size_t ToolCallAccumulator::argument_bytes() const {
  std::size_t bytes = 0;
  for (const Fragment& call : calls_) bytes += call.part.arguments.size();
  return bytes;
}

ToolCallAccumulator::Fragment ToolCallAccumulator::read(const json::object& entry) {
  Fragment fragment;
  const json::value* inner = entry.if_contains("function");
  const json::object& function = inner != nullptr && inner->is_object() ? inner->as_object() : entry;
  // OpenAI has it outside, Ollama within.
  for (const json::object* holder : {&entry, &function}) {
    const json::value* index = holder->if_contains("index");
    if (index != nullptr && index->is_int64()) fragment.index = index->as_int64();
  }
  fragment.part.id = text_in(entry, "id");
  fragment.part.name = text_in(function, "name");
  fragment.part.arguments = read_arguments(function.if_contains("arguments"));
  return fragment;
}

ToolCallAccumulator::Fragment* ToolCallAccumulator::find(const Fragment& next) {
  const auto has_same_id = [&](const Fragment& call) {
    const bool may_be = !call.index || !next.index || call.index == next.index;
    return may_be && !next.part.id.empty() && call.part.id == next.part.id;
  };
  const auto has_same_index = [&](const Fragment& call) { return !next.index || call.index == next.index; };
  auto newest_first = calls_ | std::views::reverse;
  auto found = std::ranges::find_if(newest_first, has_same_id);
  if (found == newest_first.end()) found = std::ranges::find_if(newest_first, has_same_index);
  return found == newest_first.end() ? nullptr : &*found;
}

bool ToolCallAccumulator::begins_another(const Fragment& call, const Fragment& next) {
  const bool has_ids = !call.part.id.empty() && !next.part.id.empty();
  if (has_ids) return call.part.id != next.part.id;
  if (next.part.name.empty() || call.part.name.empty()) return false;
  const bool is_whole = is_blank(call.part.arguments) || is_json_object(call.part.arguments);
  if (next.part.name != call.part.name) return is_whole;
  // A name that is only repeated says nothing; with further arguments it is the same tool called once more.
  return is_json_object(call.part.arguments) && !is_blank(next.part.arguments);
}

void ToolCallAccumulator::merge(Fragment& call, Fragment next) {
  if (call.part.id.empty()) call.part.id = std::move(next.part.id);
  if (call.part.name.empty()) call.part.name = std::move(next.part.name);
  std::string& arguments = call.part.arguments;
  const bool is_filling = is_blank(next.part.arguments);  // a blank may belong to a text within
  if (!is_filling && is_placeholder(arguments)) arguments.clear();
  const bool is_told_twice = !is_filling && next.part.arguments == arguments && is_json_object(arguments);
  if (!is_told_twice) arguments += next.part.arguments;
}

std::vector<ToolCall> ToolCallAccumulator::finish() const {
  std::vector<ToolCall> calls;
  std::set<std::string> ids;
  for (const Fragment& fragment : calls_) {
    ToolCall call = fragment.part;
    const bool has_arguments = !is_blank(call.arguments) && call.arguments != "null";
    if (call.name.empty() && !has_arguments) continue;
    if (!has_arguments) call.arguments = "{}";
    while (call.id.empty() || !ids.insert(call.id).second) call.id = make_tool_call_id();
    calls.push_back(std::move(call));
  }
  return calls;
}

}  // namespace codehelper
