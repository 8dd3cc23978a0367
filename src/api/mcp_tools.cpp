#include "codehelper/api/mcp_tools.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/parse.hpp>

#include <algorithm>

#include "codehelper/agents/tool_box.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "mcp_crew_tools.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::string_view kProjectPath = "project_path";
constexpr std::string_view kInstructions =
    "codehelper knows this machine's repository: search_code finds places by meaning and by names, find_symbol where a "
    "name is declared and used, read_lines the lines as they are now; ask lets its crew answer with checked citations; "
    "run_tests runs the tests. Lines are 1-based and inclusive, paths relative to the project. If a search says that "
    "there is no index, call index_project once.";

json::object with_project_path(json::object schema) {
  schema["properties"].as_object()[kProjectPath] =
      json::object{{"type", "string"}, {"description", "absolute path of the project; the current one when left out"}};
  return schema;
}

json::object parse_schema(std::string_view text) {
  return json::parse(text).as_object();
}

McpTool describe(ToolFacts facts) {
  McpTool tool;
  tool.name = std::move(facts.spec.name);
  tool.title = std::move(facts.title);
  tool.description = std::move(facts.spec.description);
  tool.input_schema = with_project_path(std::move(facts.spec.parameters));
  tool.output_schema = std::move(facts.result);
  tool.annotations = {
      {"readOnlyHint", true}, {"destructiveHint", false}, {"idempotentHint", true}, {"openWorldHint", false}};
  tool.scope = Scope::read;
  return tool;
}

McpTool describe(const McpCrewTool& facts) {
  McpTool tool;
  tool.name = facts.name;
  tool.title = facts.title;
  tool.description = facts.description;
  tool.input_schema = with_project_path(parse_schema(facts.input));
  tool.output_schema = parse_schema(facts.output);
  tool.annotations = parse_schema(facts.annotations);
  tool.scope = facts.scope;
  return tool;
}

/// Names that no argument has, which would be ignored without a word otherwise; empty = all are known.
std::string find_unknown_argument(const McpTool& tool, const json::object& arguments) {
  const json::object& known = tool.input_schema.at("properties").as_object();
  const auto unknown = std::ranges::find_if(arguments, [&](const auto& field) { return !known.contains(field.key()); });
  if (unknown == arguments.end()) return {};
  std::vector<std::string_view> names;
  for (const auto& name : known) names.push_back(name.key());
  return fmt::format("{} has no argument \"{}\"; its arguments are {}", tool.name, std::string_view(unknown->key()),
                     fmt::join(names, ", "));
}

class CodehelperTools final : public McpTools {
 public:
  CodehelperTools(ApiServices& services, std::uint64_t max_file_bytes)
      : services_(services), max_file_bytes_(max_file_bytes) {
    for (ToolFacts& facts : list_code_tools()) tools_.push_back(describe(std::move(facts)));
    for (const McpCrewTool& facts : mcp_crew_tools()) tools_.push_back(describe(facts));
  }

  std::string instructions() const override { return std::string(kInstructions); }
  std::vector<McpTool> list() const override { return tools_; }

  Task<Result<McpToolResult>> call(RequestContext context, std::string name, json::object arguments,
                                   McpProgress on_progress) override {
    const auto tool = std::ranges::find(tools_, name, &McpTool::name);
    if (tool == tools_.end()) co_return fail(ErrorCode::internal, "a call of a tool that is not listed: " + name);
    const std::string unknown = find_unknown_argument(*tool, arguments);
    if (!unknown.empty()) co_return make_mcp_failure(unknown);
    const auto project_path = optional_string(arguments, kProjectPath);
    if (!project_path) co_return make_mcp_failure(project_path.error().message);
    arguments.erase(kProjectPath);
    auto project = co_await services_.projects->resolve(context, *project_path);
    if (!project && project.error().code == ErrorCode::not_found) {
      co_return make_mcp_failure("no project is set; give \"project_path\", or call index_project with it");
    }
    if (!project) co_return make_mcp_failure(project.error().message);

    const auto own = std::ranges::find(mcp_crew_tools(), name, &McpCrewTool::name);
    if (own == mcp_crew_tools().end()) {
      co_return co_await read_code(context, std::move(*project), std::move(name), arguments);
    }
    McpCallParts parts{services_, context, std::move(*project), std::move(arguments), std::move(on_progress)};
    co_return co_await own->run(std::move(parts));
  }

 private:
  Task<Result<McpToolResult>> read_code(RequestContext context, Project project, std::string name,
                                        const json::object& arguments) {
    ToolBox tools({services_.loop, *services_.retriever, *services_.symbols, max_file_bytes_}, std::move(project));
    ToolCall call{"", std::move(name), to_json_text(arguments)};
    auto result = co_await tools.call(context, std::move(call));
    if (!result && result.error().code == ErrorCode::timeout) co_return make_mcp_failure(result.error().message);
    if (!result) co_return std::unexpected(result.error());
    if (result->ok) co_return make_mcp_result(std::move(result->data));
    const char* const way_out = result->lacks_index ? ". The tool index_project makes an index." : "";
    co_return make_mcp_failure(result->text + way_out);
  }

  ApiServices& services_;
  std::uint64_t max_file_bytes_;
  std::vector<McpTool> tools_;
};

}  // namespace

std::unique_ptr<McpTools> make_mcp_tools(ApiServices& services, std::uint64_t max_file_bytes) {
  return std::make_unique<CodehelperTools>(services, max_file_bytes);
}

}  // namespace codehelper
