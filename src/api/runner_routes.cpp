#include <boost/json/serialize.hpp>

#include "codehelper/api/event_stream.hpp"
#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/execute/command_result_json.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::hours kRunBudget{2};  // the longest time limit of a run, and as long in the queue

// Refusals have a shape of their own here (contract, section 4).
HttpReply make_run_error_reply(const Error& error, std::string_view request_id) {
  if (error.code == ErrorCode::invalid_input) {
    const json::object body{{"error", error.message}, {"code", "invalid_input"}, {"request_id", request_id}};
    return make_json_reply(json::serialize(body), 400);
  }
  HttpReply reply = make_error_reply(error, request_id);
  if (error.code == ErrorCode::overloaded) reply.headers.set("Retry-After", "5");
  return reply;
}

Task<Result<json::object>> run_command(RunnerServices& services, ExecuteRequest request, RequestContext context,
                                       EventQueue* queue) {
  OutputSink on_output;
  if (queue != nullptr) {
    on_output = [queue, sequence = std::uint64_t{0}](OutputStream stream, std::string_view piece) mutable {
      const std::string_view event = stream == OutputStream::standard_output ? "stdout" : "stderr";
      queue->push_or_drop(event, {{"seq", ++sequence}, {"data", piece}});
    };
  }
  const auto result = co_await services.runner->run(std::move(context), std::move(request), std::move(on_output));
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

}  // namespace

void add_runner_routes(Router& router, RunnerServices& services) {
  Route route;
  route.method = "POST";
  route.path = "/execute";
  route.time_budget = kRunBudget;
  route.body_limit_bytes = 8 * 1024 * 1024;
  route.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_execute(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(route));
}

}  // namespace codehelper
