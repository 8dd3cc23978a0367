#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>

#include <optional>
#include <string>

#include "codehelper/api/event_stream.hpp"
#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/execute/command_result_json.hpp"

namespace codehelper {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::chrono::hours kRunBudget{2};  // the longest time limit of a run, and as long in the queue

// Refusals have a shape of their own here (contract, section 4).
HttpReply make_run_error_reply(const Error& error, std::string_view request_id) {
  if (error.code == ErrorCode::invalid_input) {
    const json::object body{{"error", error.message}, {"code", "invalid_input"}, {"request_id", request_id}};
    return make_json_reply(json::serialize(body), 400);
  }
  if (error.code == ErrorCode::conflict) {
    return make_error_reply(422, kPatchDoesNotApply, error.message, request_id);
  }
  HttpReply reply = make_error_reply(error, request_id);
  if (error.code == ErrorCode::overloaded) reply.headers.set("Retry-After", "5");
  return reply;
}

json::object axes_to_json(const SandboxLevel& level) {
  json::object object;
  for (const auto& [axis, value] : level.axes()) object[axis] = value;
  return object;
}

// The caller's own id for the request, so that it can cancel what it waits for; another one where that is taken.
std::string choose_run_id(const RunnerServices& services, const RequestContext& context) {
  const bool is_usable = !context.request_id.empty() && !services.active_runs.contains(context.request_id);
  return is_usable ? context.request_id : make_request_id();
}

Task<void> run_into(std::optional<Result<CommandResult>>& result, asio::steady_timer& done,
                    Task<Result<CommandResult>> running) {
  co_await asio::this_coro::throw_if_cancelled(false);
  result = co_await std::move(running);
  done.expires_at(asio::steady_timer::time_point::min());  // ends a wait that has not begun yet too
}

// A run that can be cancelled by its id too, not only by the caller's leaving.
Task<Result<CommandResult>> run_cancellable(RunnerServices& services, RequestContext context, ExecuteRequest request,
                                            RunListener listener, std::string run_id) {
  co_await asio::this_coro::throw_if_cancelled(false);
  std::optional<Result<CommandResult>> result;
  asio::steady_timer done(services.loop.context(), asio::steady_timer::time_point::max());
  TaskGroup group(services.loop, context.log);
  services.active_runs.emplace(run_id, &group);
  Task<Result<CommandResult>> running = services.runner->run(context, std::move(request), std::move(listener));
  group.spawn("run", run_into(result, done, std::move(running)));
  co_await done.async_wait(asio::as_tuple(asio::use_awaitable));
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  group.cancel_all();
  co_await group.join();
  services.active_runs.erase(run_id);
  if (!result) co_return fail(ErrorCode::internal, "the run has ended without a result");
  if (*result) (*result)->run_id = run_id;
  co_return std::move(*result);
}

Task<Result<HttpReply>> delete_run(RunnerServices& services, HttpRequest request) {
  const auto active = services.active_runs.find(request.parameters.at("run_id"));
  if (active == services.active_runs.end()) {
    co_return fail(ErrorCode::not_found, "no such run is waiting or going on");
  }
  active->second->cancel_all();
  co_return make_json_reply(json::serialize(json::object{{"run_id", active->first}, {"status", "cancelling"}}), 202);
}

RunListener make_listener(const RunnerServices& services, const std::string& run_id, EventQueue& queue) {
  RunListener listener;
  listener.on_queued = [run_id, &queue](std::size_t position) {
    queue.push("queued", {{"run_id", run_id}, {"position", position}});
  };
  listener.on_started = [&services, run_id, &queue] {
    json::object sandbox;
    if (services.sandbox != nullptr) sandbox = axes_to_json(services.sandbox->level());
    queue.push("started", {{"run_id", run_id}, {"sandbox", std::move(sandbox)}});
  };
  listener.on_output = [&queue, sequence = std::uint64_t{0}](OutputStream stream, std::string_view piece) mutable {
    const std::string_view event = stream == OutputStream::standard_output ? "stdout" : "stderr";
    queue.push_or_drop(event, {{"seq", ++sequence}, {"data", piece}});
  };
  return listener;
}

Task<Result<json::object>> run_command(RunnerServices& services, ExecuteRequest request, RequestContext context,
                                       EventQueue* queue) {
  const std::string run_id = choose_run_id(services, context);
  RunListener listener;
  if (queue != nullptr) {
    listener = make_listener(services, run_id, *queue);
  }
  Task<Result<CommandResult>> running =
      run_cancellable(services, std::move(context), std::move(request), std::move(listener), run_id);
  const auto result = co_await std::move(running);
  if (!result) co_return std::unexpected(result.error());
  co_return to_json(*result);
}

Task<Result<HttpReply>> post_execute(RunnerServices& services, RequestContext context, HttpRequest request,
                                     json::object body) {
  auto execute = parse_execute_request(body);
  if (!execute) co_return std::unexpected(execute.error());
  ToldAnswer told;
  told.last_event = "exit";
  told.make = [&services, asked = std::move(*execute)](RequestContext inner, EventQueue* queue) {
    return run_command(services, asked, std::move(inner), queue);
  };
  told.make_error = make_run_error_reply;
  co_return co_await tell_answer(services.loop, std::move(context), std::move(request), std::move(told));
}

json::object to_json_limits(const RunLimits& limits) {
  return {{"memory_bytes", limits.memory_bytes},
          {"file_bytes", limits.file_bytes},
          {"pids", limits.tasks},
          {"open_files", limits.open_files}};
}

// The confinement in force, by axis, and what is missing and why.
Task<Result<HttpReply>> get_sandbox(RunnerServices& services) {
  const Sandbox& sandbox = *services.sandbox;
  json::object body = axes_to_json(sandbox.level());
  body["mode"] = to_string(sandbox.rules().mode);
  json::array missing;
  for (const auto& [mechanism, cause] : sandbox.level().missing) {
    missing.push_back({{"mechanism", mechanism}, {"cause", cause}});
  }
  body["missing"] = std::move(missing);
  body["network_on_request"] = sandbox.rules().network_on_request;
  body["limits"] = to_json_limits(sandbox.rules().limits);
  co_return make_json_reply(json::serialize(body));
}

}  // namespace

void add_runner_routes(Router& router, RunnerServices& services) {
  Route sandbox;
  sandbox.method = "GET";
  sandbox.path = "/sandbox";
  sandbox.scopes = Scope::read;
  sandbox.handler = [&services](RequestContext, HttpRequest) { return get_sandbox(services); };
  router.add(std::move(sandbox));

  Route cancel;
  cancel.method = "DELETE";
  cancel.path = "/execute/{run_id}";
  cancel.scopes = Scope::run;
  cancel.handler = [&services](RequestContext, HttpRequest request) {
    return delete_run(services, std::move(request));
  };
  router.add(std::move(cancel));

  Route route;
  route.method = "POST";
  route.path = "/execute";
  route.scopes = Scope::run;
  route.time_budget = kRunBudget;
  route.body_limit_bytes = 8 * 1024 * 1024;
  route.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_execute(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(route));
}

}  // namespace codehelper
