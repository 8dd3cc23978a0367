#include "codehelper/agents/tool_box.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

#include "code_tools.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/index/chunker.hpp"
#include "excerpt.hpp"
#include "run_tool.hpp"
#include "tool_text.hpp"
#include "web_tool.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

using CodeTool = Task<Result<ToolResult>> (*)(CodeTools, RequestContext, json::object);

struct CodeToolEntry {
  std::string_view name;
  std::string_view description;
  std::string_view parameters;  // JSON Schema
  std::string_view title;
  std::string_view result;  // JSON Schema
  CodeTool run;
};

constexpr auto kCodeTools = std::to_array<CodeToolEntry>({
    {"search_code",
     "Finds places in the project by meaning and by names. Ask in words or with identifiers; `path:src/net`, `lang:go` "
     "and \"a phrase\" narrow. Returns the best places with their numbered lines.",
     R"({"type":"object","properties":{"query":{"type":"string","description":"what is looked for"},
         "limit":{"type":"integer","minimum":1,"maximum":20,"description":"places, 6 when left out"}},
         "required":["query"],"additionalProperties":false})",
     "Search the code",
     R"({"type":"object","properties":{
         "hits":{"type":"array","items":{"type":"object","properties":{
           "path":{"type":"string"},"start_line":{"type":"integer"},"end_line":{"type":"integer"},
           "symbol":{"type":"string"},"score":{"type":"number"},"text":{"type":"string"}},
           "required":["path","start_line","end_line","symbol","score","text"]}},
         "notes":{"type":"array","items":{"type":"string"}}},"required":["hits","notes"]})",
     &search_code},
    {"read_lines", "Reads lines of a file as they are now, at most 250 at once, with their numbers.",
     R"({"type":"object","properties":{"path":{"type":"string","description":"relative to the project"},
         "start_line":{"type":"integer","minimum":1,"description":"1 when left out"},
         "end_line":{"type":"integer","minimum":1,"description":"inclusive"}},
         "required":["path"],"additionalProperties":false})",
     "Read lines of a file",
     R"({"type":"object","properties":{
         "path":{"type":"string"},"start_line":{"type":"integer"},"end_line":{"type":"integer"},
         "total_lines":{"type":"integer"},"text":{"type":"string"},"language":{"type":"string"}},
         "required":["path","start_line","end_line","total_lines","text","language"]})",
     &read_lines},
    {"list_files", "Lists a folder of the project, or the files that match a glob such as \"src/**/*.go\".",
     R"({"type":"object","properties":{"path":{"type":"string","description":"a folder or a glob; the project's root when left out"}},
         "additionalProperties":false})",
     "List files",
     R"({"type":"object","properties":{
         "entries":{"type":"array","items":{"type":"object","properties":{
           "path":{"type":"string","description":"of a folder with a slash at its end"},
           "files":{"type":"integer"},"bytes":{"type":"integer"}},"required":["path","files","bytes"]}},
         "total":{"type":"integer"}},"required":["entries","total"]})",
     &list_files},
    {"find_symbol", "Where a name is declared and where it is used: \"run\", \"Widget::run\", \"module.Widget.run\".",
     R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false})",
     "Find a symbol",
     R"({"type":"object","properties":{
         "definitions":{"type":"array","items":{"type":"object","properties":{
           "path":{"type":"string"},"line":{"type":"integer"},"end_line":{"type":"integer"},
           "kind":{"type":"string"},"symbol":{"type":"string"},"signature":{"type":"string"}},
           "required":["path","line","end_line","kind","symbol","signature"]}},
         "references":{"type":"array","items":{"type":"object","properties":{
           "path":{"type":"string"},"line":{"type":"integer"},"text":{"type":"string"}},
           "required":["path","line","text"]}},
         "definition_count":{"type":"integer"},"reference_count":{"type":"integer"}},
         "required":["definitions","references","definition_count","reference_count"]})",
     &find_symbol},
    {"grep",
     "Lines that match a regular expression (Perl's syntax), in all files or in those that a path or glob names.",
     R"({"type":"object","properties":{"pattern":{"type":"string"},
         "path":{"type":"string","description":"a piece of the path, or a glob"},
         "ignore_case":{"type":"boolean"},
         "limit":{"type":"integer","minimum":1,"maximum":100,"description":"lines, 50 when left out"}},
         "required":["pattern"],"additionalProperties":false})",
     "Find lines by a regular expression",
     R"({"type":"object","properties":{
         "matches":{"type":"array","items":{"type":"object","properties":{
           "path":{"type":"string"},"line":{"type":"integer"},"text":{"type":"string"}},
           "required":["path","line","text"]}},
         "unread_files":{"type":"integer","description":"because the limit or the time was reached"}},
         "required":["matches","unread_files"]})",
     &grep},
});

ToolSpec make_spec(std::string_view name, std::string_view description, std::string_view parameters) {
  return {std::string(name), std::string(description), json::parse(parameters).as_object()};
}

/// Names that the schema doesn't have would be ignored without a word otherwise.
std::string find_unknown_field(const json::object& schema, const json::object& arguments) {
  const json::object& known = schema.at("properties").as_object();
  for (const auto& field : arguments) {
    if (known.contains(field.key())) continue;
    std::vector<std::string_view> names;
    for (const auto& name : known) names.push_back(name.key());
    return fmt::format("there is no argument \"{}\"; the arguments are {}", std::string_view(field.key()),
                       fmt::join(names, ", "));
  }
  return {};
}

}  // namespace

std::vector<ToolFacts> list_code_tools() {
  std::vector<ToolFacts> facts;
  for (const CodeToolEntry& tool : kCodeTools) {
    facts.push_back({make_spec(tool.name, tool.description, tool.parameters), std::string(tool.title),
                     json::parse(tool.result).as_object()});
  }
  return facts;
}

struct ToolBox::State {
  Parts parts;
  Project project;
  std::string folder;
  CommandPermit permit;
  ProjectReader reader;
  ShownLines shown;
  std::vector<Receipt> receipts;

  CodeTools code_tools() { return {parts, project, folder, reader, shown}; }
};

ToolBox::ToolBox(const Parts& parts, Project project, std::string folder, CommandPermit permit) {
  ProjectReader reader(parts.loop, project.root, parts.max_file_bytes);
  state_ = std::make_unique<State>(
      State{parts, std::move(project), std::move(folder), std::move(permit), std::move(reader), ShownLines{}, {}});
}
ToolBox::~ToolBox() = default;
ToolBox::ToolBox(ToolBox&&) noexcept = default;

std::vector<ToolSpec> ToolBox::specs() const {
  std::vector<ToolSpec> specs;
  for (const CodeToolEntry& tool : kCodeTools) {
    specs.push_back(make_spec(tool.name, tool.description, tool.parameters));
  }
  if (state_->parts.web != nullptr)
    specs.push_back(make_spec(kWebTool.name, kWebTool.description, kWebTool.parameters));
  if (state_->permit.runner != nullptr) {
    ToolSpec spec = make_spec(kRunTool.name, kRunTool.description, kRunTool.parameters);
    spec.description += fmt::format(" The test command is: {}.", fmt::join(state_->permit.test_command, " "));
    specs.push_back(std::move(spec));
  }
  return specs;
}

void ToolBox::attach(std::string_view name, std::string text) {
  state_->reader.add_text(fmt::format("attachment:{}", name), std::move(text));
}

Task<Result<ToolResult>> ToolBox::call(RequestContext context, ToolCall call) {
  const std::vector<ToolSpec> offered = specs();
  const auto spec = std::ranges::find(offered, call.name, &ToolSpec::name);
  if (spec == offered.end()) co_return fail(ErrorCode::not_found, fmt::format("there is no tool {}", call.name));
  auto arguments = parse_json_object(call.arguments);
  if (!arguments) {
    co_return make_failure(fmt::format("the arguments of {} are no JSON object ({}); they look like {}", call.name,
                                       arguments.error().message, json::serialize(spec->parameters.at("properties"))));
  }
  const std::string unknown = find_unknown_field(spec->parameters, *arguments);
  if (!unknown.empty()) co_return make_failure(unknown);
  if (call.name == kWebTool.name) co_return co_await search_web(*state_->parts.web, context, std::move(*arguments));
  if (call.name == kRunTool.name) {
    const RunTool tool{state_->permit, state_->project, state_->reader, state_->receipts};
    co_return co_await run_command(tool, context, std::move(*arguments));
  }
  const auto tool = std::ranges::find(kCodeTools, call.name, &CodeToolEntry::name);
  co_return co_await tool->run(state_->code_tools(), context, std::move(*arguments));
}

Task<Result<SearchResult>> ToolBox::search(RequestContext context, std::string question, std::size_t limit) {
  co_return co_await search_project(state_->code_tools(), std::move(context), std::move(question), limit);
}

Task<Result<ToolBox::CheckedPlace>> ToolBox::check_place(RequestContext, std::string path, int start_line,
                                                         int end_line) {
  constexpr std::size_t kShownBytes = 8 * 1024;
  CheckedPlace place;
  const auto text = co_await state_->reader.read(path);
  if (!text && text.error().code == ErrorCode::cancelled) co_return std::unexpected(text.error());
  if (!text) co_return place;
  const std::string relative = find_relative_path(state_->project.root, path).value_or(path);
  const std::vector<std::string_view> lines = split_lines(*text);
  place.exists = start_line >= 1 && start_line <= end_line && end_line <= static_cast<int>(lines.size());
  if (!place.exists) co_return place;
  place.was_read = true;
  for (int line = start_line; line <= end_line && place.was_read; ++line) {
    place.was_read = state_->shown.contains(relative, line, lines[static_cast<std::size_t>(line - 1)]);
  }
  const std::string masked = mask_secrets(*text).text;
  place.text = first_part(select_lines(masked, start_line, end_line), kShownBytes);
  place.language = detect_language(relative, *text);
  co_return place;
}

void ToolBox::note_shown(const SearchHit& hit) {
  state_->shown.add(hit.path, hit.start_line, hit.text);
}

const std::vector<Receipt>& ToolBox::receipts() const {
  return state_->receipts;
}

}  // namespace codehelper
