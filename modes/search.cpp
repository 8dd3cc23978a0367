#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "client.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "modes.hpp"
#include "terminal.hpp"

namespace codehelper {

namespace {

constexpr int kShownLines = 8;

// The first lines of a hit, each behind its number.
void print_lines(const TextStyle& style, std::string_view text, std::int64_t number) {
  for (int line = 0; line < kShownLines && !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const std::string shown = style.paint(Tone::dim, fmt::format("{:>7}", number + line));
    fmt::print("{}  {}\n", shown, style.clean(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (!text.empty()) fmt::print("         …\n");
}

Result<void> print_hit(const TextStyle& style, const boost::json::object& hit) {
  const auto path = required_string(hit, "path");
  const auto text = required_string(hit, "text");
  const auto symbol = optional_string(hit, "symbol");
  const auto start = optional_integer(hit, "start_line", 1, INT32_MAX);
  const auto end = optional_integer(hit, "end_line", 1, INT32_MAX);
  if (!path || !text || !symbol || !start || !end || !*start || !*end) {
    return std::unexpected(foreign_answer());
  }
  const std::string place = style.clean(fmt::format("{}:{}-{}", *path, **start, **end));
  fmt::print("{}{}\n", style.paint(Tone::bold, place), *symbol ? "  " + style.clean(**symbol) : "");
  print_lines(style, *text, **start);
  fmt::print("\n");
  return {};
}

// What of the question could not be heeded.
void print_notes(const boost::json::object& answer) {
  const boost::json::value* notes = answer.if_contains("notes");
  if (notes == nullptr || !notes->is_array()) return;
  for (const boost::json::value& note : notes->as_array()) {
    if (note.is_string()) fmt::print(stderr, "note: {}\n", std::string_view(note.as_string()));
  }
}

}  // namespace

int run_search(const Config& config, const Arguments& arguments) {
  ApiCall call{"POST", "/search", {{"query", arguments.text}, {"limit", arguments.limit}}};
  if (!arguments.project.empty()) call.body["project_path"] = absolute_project(arguments.project);
  const auto client = CrewClient::make(config);
  if (!client) return fail_mode("search", client.error());
  const auto answer = (*client)->call(std::move(call));
  if (!answer) return fail_mode("search", answer.error());
  if (arguments.json) {
    fmt::print("{}\n", to_json_text(*answer));
    return kExitDone;
  }
  const boost::json::value* hits = answer->if_contains("hits");
  if (hits == nullptr || !hits->is_array()) {
    return fail_mode("search", foreign_answer());
  }
  if (hits->as_array().empty()) fmt::print(stderr, "nothing found\n");
  print_notes(*answer);
  const TextStyle style = find_terminal().out;
  for (const boost::json::value& hit : hits->as_array()) {
    const auto printed = hit.is_object() ? print_hit(style, hit.as_object()) : Result<void>{};
    if (!printed) return fail_mode("search", printed.error());
  }
  return kExitDone;
}

}  // namespace codehelper
