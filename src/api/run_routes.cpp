#include <boost/json/value_from.hpp>

#include <string>
#include <utility>

#include "codehelper/api/event_stream.hpp"
#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/execute/command_result_json.hpp"
#include "codehelper/execute/verify_patch.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::minutes kRepairBudget{10};

struct RunRequest {
  VerifyRequest run;
  std::string message;  // what a patch is for
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
  auto patch = optional_string(body, "patch");
  if (!patch) return std::unexpected(patch.error());
  if (*patch && *action != "verify") {
    return fail(ErrorCode::invalid_field, "field \"patch\" is for the action \"verify\" only");
  }
  auto message = optional_string(body, "message");
  if (!message) return std::unexpected(message.error());
  RunRequest request;
  request.run.project_path = std::move(*project_path);
  if (*command) request.run.command = std::move(**command);
  request.run.patch = std::move(*patch);
  request.message = message->value_or("");
  return request;
}

json::object to_json(const VerifyOutcome& outcome) {
  const CommandResult& run = outcome.run;
  const json::object receipt = to_json(outcome.receipt);
  json::object object{{"success", outcome.is_success},
                      {"exit_code", run.exit_code},
                      {"summary", outcome.summary},
                      {"stdout", run.standard_output},
                      {"stderr", run.standard_error},
                      {"duration_seconds", run.duration_seconds},
                      {"timed_out", run.timed_out},
                      {"tests_outcome", outcome.receipt.outcome},
                      {"command", json::value_from(outcome.receipt.arguments)},
                      {"receipt", receipt}};
  if (outcome.receipt.tests.known) object["tests"] = receipt.at("tests");
  if (!run.copy) return object;
  object["patch"] = run.copy->patch;
  object["patched_files"] = json::value_from(run.copy->files);
  object["ran_at_project_path"] = run.copy->is_at_project_path;
  return object;
}

json::object to_attempt(const VerifyOutcome& run) {
  return {{"patch", run.run.copy->patch}, {"receipt", to_json(run.receipt)}, {"summary", run.summary}};
}

/// The last run, and with a patch all of them as "attempts".
json::object to_json(const std::vector<VerifyOutcome>& runs) {
  json::object object = to_json(runs.back());
  json::array attempts;
  for (const VerifyOutcome& run : runs) {
    if (run.run.copy) attempts.push_back(to_attempt(run));
  }
  if (!attempts.empty()) object["attempts"] = std::move(attempts);
  return object;
}

HttpReply make_run_failure(const Error& error, std::string_view request_id) {
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::bad_answer:
      return make_error_reply(502, "runner_unavailable", error.message, request_id);
    case ErrorCode::not_found:
      return make_error_reply(400, "no_test_command", error.message, request_id);
    case ErrorCode::conflict:
      return make_error_reply(422, kPatchDoesNotApply, error.message, request_id);
    default: {
      HttpReply reply = make_error_reply(error, request_id);
      if (error.code == ErrorCode::overloaded) reply.headers.set("Retry-After", "5");
      return reply;
    }
  }
}

VerifyListener make_listener(EventQueue& queue) {
  VerifyListener listener;
  listener.run.on_queued = [&queue](std::size_t position) { queue.push("queued", {{"position", position}}); };
  listener.run.on_started = [&queue] { queue.push("started", {}); };
  listener.run.on_output = [&queue](OutputStream stream, std::string_view piece) {
    const char* const name = stream == OutputStream::standard_output ? "stdout" : "stderr";
    queue.push_or_drop("output", {{"stream", name}, {"text", piece}});
  };
  listener.on_failed = [&queue](const VerifyOutcome& run) {
    if (run.run.copy) queue.push("attempt", to_attempt(run));
  };
  return listener;
}

Task<Result<json::object>> run_request(ApiServices& services, Project project, RunRequest request,
                                       RequestContext context, EventQueue* queue) {
  VerifyListener listener;
  if (queue != nullptr) listener = make_listener(*queue);
  auto verifying = services.crew->verify(std::move(context), std::move(project), std::move(request.run),
                                         std::move(request.message), std::move(listener));
  const auto runs = co_await std::move(verifying);
  if (!runs) co_return std::unexpected(runs.error());
  co_return to_json(*runs);
}

Task<Result<HttpReply>> post_run(ApiServices& services, RequestContext context, HttpRequest request,
                                 json::object body) {
  auto run = parse_run(body);
  if (!run) co_return std::unexpected(run.error());
  const auto project = co_await services.projects->resolve(context, run->run.project_path);
  if (!project) co_return std::unexpected(project.error());
  ToldAnswer told;
  told.last_event = "done";
  told.make = [&services, where = *project, asked = std::move(*run)](RequestContext inner, EventQueue* queue) {
    return run_request(services, where, asked, std::move(inner), queue);
  };
  told.make_error = make_run_failure;
  co_return co_await tell_answer(services.loop, std::move(context), std::move(request), std::move(told));
}

}  // namespace

void add_run_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "POST";
  route.path = "/run";
  route.scopes = Scope::run;
  // Every run has the Runner's own limit; with a model a patch may be mended and run again.
  route.time_budget = services.runner_limit + kRepairBudget;
  route.body_limit_bytes = 1024 * 1024;
  route.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_run(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(route));
}

}  // namespace codehelper
