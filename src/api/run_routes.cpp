#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/value_from.hpp>

#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/execute/test_command.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

struct RunRequest {
  std::string project_path;
  std::vector<std::string> command;  // empty = the project's usual test command
};

Result<RunRequest> parse_run(const json::object& body) {
  auto project_path = required_string(body, "project_path");
  if (!project_path) return std::unexpected(project_path.error());
  const auto action = required_string(body, "action");
  if (!action) return std::unexpected(action.error());
  if (*action != "run_tests" && *action != "verify") {
    return fail(ErrorCode::invalid_field, "field \"action\" must be \"run_tests\" or \"verify\"");
  }
  auto command = optional_strings(body, "command");
  if (!command) return std::unexpected(command.error());
  if (*command && (*command)->empty()) {
    return fail(ErrorCode::invalid_field,
                "field \"command\" must not be empty; leave it out for the usual test command");
  }
  RunRequest run;
  run.project_path = std::move(*project_path);
  if (*command) run.command = std::move(**command);
  return run;
}

json::object to_json(const std::vector<std::string>& command, const CommandResult& result) {
  const TestCount tests = count_tests(result.standard_output, result.standard_error);
  std::string summary = fmt::format("{}: exit status {} after {:.1f} s", fmt::join(command, " "), result.exit_code,
                                    result.duration_seconds);
  if (result.timed_out) summary += ", ended at its time limit";
  if (tests.ran_nothing()) summary += ", no test ran";
  if (tests.run > 0) {
    summary += fmt::format(", {} ran, {} failed", describe_number(tests.run, tests.unit), tests.failed);
  }
  if (tests.skipped > 0) summary += fmt::format(", {} skipped", tests.skipped);
  json::object object{{"success", result.exit_code == 0 && !tests.ran_nothing()},
                      {"exit_code", result.exit_code},
                      {"summary", summary},
                      {"stdout", result.standard_output},
                      {"stderr", result.standard_error},
                      {"duration_seconds", result.duration_seconds},
                      {"timed_out", result.timed_out},
                      {"tests_outcome", judge_tests(tests, result.exit_code)},
                      {"command", json::value_from(command)}};
  if (tests.known) {
    object["tests"] = json::object{
        {"run", tests.run}, {"failed", tests.failed}, {"skipped", tests.skipped}, {"unit", to_string(tests.unit)}};
  }
  return object;
}

// A project that only the Runner can see is its to judge: it gets the contract's default.
Result<std::vector<std::string>> detect_usual_command(const std::string& project_path) {
  std::error_code error;
  if (!std::filesystem::is_directory(project_path, error)) return std::vector<std::string>{"pytest"};
  return detect_test_command(project_path);
}

Task<Result<HttpReply>> post_run(ApiServices& services, RequestContext context, HttpRequest, json::object body) {
  auto run = parse_run(body);
  if (!run) co_return std::unexpected(run.error());
  const auto project = co_await services.projects->resolve(context, run->project_path);
  if (!project) co_return std::unexpected(project.error());
  std::vector<std::string> command = std::move(run->command);
  if (command.empty()) {
    auto detect = [path = run->project_path] { return detect_usual_command(path); };
    auto detected = co_await services.loop.run_blocking(std::move(detect));
    if (!detected) {
      co_return make_error_reply(400, "no_test_command", detected.error().message, context.request_id);
    }
    command = std::move(*detected);
  }
  ExecuteRequest execute;
  execute.project_path = run->project_path;
  execute.command = command;
  const auto result = co_await services.runner->run(context, std::move(execute), {});
  const bool has_no_runner =
      !result && (result.error().code == ErrorCode::unavailable || result.error().code == ErrorCode::bad_answer);
  if (has_no_runner) {
    co_return make_error_reply(502, "runner_unavailable", result.error().message, context.request_id);
  }
  if (!result && result.error().code == ErrorCode::overloaded) {
    HttpReply reply = make_error_reply(result.error(), context.request_id);
    reply.headers.set("Retry-After", "5");
    co_return reply;
  }
  if (!result) co_return std::unexpected(result.error());
  co_return make_json_reply(to_json_text(to_json(command, *result)));
}

}  // namespace

void add_run_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "POST";
  route.path = "/run";
  // A little more than the Runner's limit, so that its own error is the one that is answered.
  route.time_budget = services.runner_limit + std::chrono::seconds(2);
  route.body_limit_bytes = 1024 * 1024;
  route.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_run(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(route));
}

}  // namespace codehelper
