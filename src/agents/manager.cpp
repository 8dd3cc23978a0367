#include "manager.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "excerpt.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kSearches = 3;
constexpr std::size_t kWebSearches = 2;
constexpr std::size_t kSearchBytes = 200;
constexpr std::size_t kMessageBytes = 4 * 1024;
constexpr std::size_t kEarlierBytes = 500;  // of each
constexpr std::size_t kEarlierMessages = 3;

constexpr std::string_view kPlanSchema = R"({
  "type": "object",
  "properties": {
    "roles": {"type": "array", "items": {"type": "string", "enum": ["coder", "researcher", "runner"]}},
    "searches": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
    "web_searches": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
    "edit": {"type": "boolean"}
  },
  "required": ["roles", "searches", "web_searches", "edit"],
  "additionalProperties": false
})";

constexpr std::string_view kInstructions =
    "You are the Manager of a crew that answers questions about a software project. Plan, don't answer. Reply with one "
    "JSON object and nothing else:\n"
    R"({"roles": [...], "searches": [...], "web_searches": [...], "edit": false})"
    "\n"
    "roles: \"coder\" reads the project's code (nearly always); \"runner\" runs its tests, only if the user asks to "
    "run "
    "something or whether tests pass; \"researcher\" searches the web, only for what can't be in the project.\n"
    "searches: up to 3 short queries that find the code in question: names, words of the domain.\n"
    "web_searches: up to 2 queries; empty without \"researcher\".\n"
    "edit: true if the user wants the code changed.";

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : to_lower_ascii(text)) {
    const bool is_letter = c >= 'a' && c <= 'z';
    if (is_letter) words.back() += c;
    if (!is_letter && !words.back().empty()) words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// From the first brace to the last: models put fences and sentences around.
std::string_view find_object(std::string_view text) {
  const std::size_t begin = text.find('{');
  const std::size_t end = text.rfind('}');
  return begin == std::string_view::npos || end == std::string_view::npos || end < begin
             ? std::string_view()
             : text.substr(begin, end - begin + 1);
}

std::vector<std::string> take_queries(const std::optional<std::vector<std::string>>& given, std::size_t most) {
  std::vector<std::string> queries;
  for (const std::string& query : given.value_or(std::vector<std::string>{})) {
    if (is_blank(query) || queries.size() == most) continue;
    queries.emplace_back(query.substr(0, character_border(query, std::min(kSearchBytes, query.size()))));
  }
  return queries;
}

}  // namespace

bool speaks_of_running(std::string_view message) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"run",    "runs",     "running", "rerun",  "execute", "executing", "launch", "start",  "test",
       "tests",  "tested",   "testing", "pytest", "ctest",   "unittest",  "jest",   "vitest", "mocha",
       "verify", "verified", "build",   "builds", "compile", "compiles",  "make",   "cargo",  "npm",
       "pass",   "passes",   "passing", "fail",   "fails",   "failing",   "green",  "works",  "check"});
  return std::ranges::any_of(words_of(message), [&](const std::string& word) { return is_one_of(word, kWords); });
}

ModelRequest make_plan_request(const ManagerTask& task) {
  std::string text = fmt::format("Project: {}\n", task.project_name);
  if (!task.pinned_repo.empty()) text += fmt::format("The user works in: {}\n", task.pinned_repo);
  if (!task.attachment_names.empty()) text += fmt::format("Attached: {}\n", fmt::join(task.attachment_names, ", "));
  if (!task.can_search_web) text += "The web can't be searched.\n";
  const std::size_t earlier = task.earlier_messages.size();
  for (std::size_t i = earlier - std::min(earlier, kEarlierMessages); i < earlier; ++i) {
    text += fmt::format("Earlier the user asked: {}\n", first_part(task.earlier_messages[i], kEarlierBytes));
  }
  text += fmt::format("The user asks:\n{}\n", first_part(task.message, kMessageBytes));
  ModelRequest request;
  request.messages = {{MessageRole::system, std::string(kInstructions)}, {MessageRole::user, mask_secrets(text).text}};
  request.schema = json::parse(kPlanSchema).as_object();
  request.max_output_tokens = 400;
  return request;
}

Result<ReadPlan> read_plan(std::string_view text, const ManagerTask& task) {
  const auto object = parse_json_object(find_object(text));
  if (!object) return fail(ErrorCode::bad_answer, "the Manager's plan is no JSON object");
  const auto roles = optional_strings(*object, "roles");
  const auto searches = optional_strings(*object, "searches");
  const auto web_searches = optional_strings(*object, "web_searches");
  const auto edit = optional_bool(*object, "edit");
  if (!roles || !*roles || !searches || !web_searches || !edit) {
    return fail(ErrorCode::bad_answer, "the Manager's plan doesn't follow its schema");
  }
  constexpr auto kRoles = std::to_array<std::string_view>({"coder", "researcher", "runner"});
  const auto has = [&](std::string_view role) { return std::ranges::find(**roles, role) != (*roles)->end(); };
  const auto is_role = [&](const std::string& role) { return is_one_of(role, kRoles); };
  if ((*roles)->empty() || !std::ranges::all_of(**roles, is_role)) {
    return fail(ErrorCode::bad_answer,
                fmt::format("the Manager's plan names other roles than {}", fmt::join(kRoles, ", ")));
  }
  ReadPlan read;
  read.plan.search = has("coder") || has("researcher") || !has("runner");
  read.plan.run_tests = has("runner");
  read.plan.edit = edit->value_or(false);
  read.plan.searches = take_queries(*searches, kSearches);
  if (read.plan.run_tests && !speaks_of_running(task.message)) {
    read.plan.run_tests = false;
    read.plan.search = true;
    read.refused.emplace_back("nothing is run: the message doesn't ask for it");
  }
  if (has("researcher") && task.can_search_web) read.plan.web_searches = take_queries(*web_searches, kWebSearches);
  return read;
}

}  // namespace codehelper
