#include "codehelper/api/readiness.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "codehelper/api/routes.hpp"
#include "codehelper/index/chroma_store.hpp"
#include "codehelper/index/embedding_server.hpp"
#include "codehelper/net/task_group.hpp"

namespace codehelper {

namespace {

std::string classify(const Error& error) {
  switch (error.code) {
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::unavailable:
      return "connection_error";
    default:  // it answers, and not as it should
      return "error";
  }
}

Task<void> check_one(RequestContext context, HttpClient& client, std::string path, std::chrono::milliseconds limit,
                     std::string& state) {
  HttpCall call;
  call.target = std::move(path);
  call.limit = limit;
  const auto answer = co_await client.call(std::move(context), std::move(call));
  if (!answer) {
    state = classify(answer.error());
  } else {
    state = answer->status / 100 == 2 ? "ok" : "error";
  }
}

/// Its health, which it tells everybody, and whether it knows this server's token: without that no run is possible.
/// That a token which may run commands may not read this is no fault.
Task<void> check_runner(RequestContext context, HttpClient& client, std::chrono::milliseconds limit,
                        ReadinessReport& report) {
  context.deadline = context.deadline.earlier(Deadline::after(limit));
  auto health = check_one(context, client, "/health", limit, report.runner);
  co_await std::move(health);
  if (report.runner != "ok") co_return;
  HttpCall call;
  call.target = "/sandbox";
  call.limit = limit;
  const auto answer = co_await client.call(std::move(context), std::move(call));
  report.runner_refuses_token = answer && answer->status == 401;
  if (report.runner_refuses_token) report.runner = "error";
}

Task<void> check_store(RequestContext context, HttpClient& chroma, std::chrono::milliseconds limit,
                       std::string& state) {
  const auto checked = co_await check_chroma(std::move(context), chroma, limit);
  state = checked ? "ok" : classify(checked.error());
}

Task<void> check_embedder(RequestContext context, HttpClient& embedder, std::string url,
                          std::chrono::milliseconds limit, std::string& state) {
  const auto checked = co_await check_embedding_server(std::move(context), embedder, std::move(url), limit);
  state = checked ? "ok" : classify(checked.error());
}

bool is_fine(const std::string& state) {
  return state == "ok" || state == "not_configured";
}

Task<Result<HttpReply>> answer_readyz(ApiServices& services, RequestContext context) {
  const ReadinessReport report = co_await services.readiness->check(std::move(context));
  boost::json::object body{
      {"ready", report.ready()}, {"runner", report.runner}, {"chroma", report.chroma}, {"llm", report.llm}};
  if (report.embedder != "not_configured") body["embedder"] = report.embedder;
  if (report.runner_refuses_token) {
    body["notes"] = boost::json::array{fmt::format("the Runner refuses this server's token; {}", kRunnerTokenFix)};
  }
  co_return make_json_reply(boost::json::serialize(body), report.ready() ? 200 : 503);
}

}  // namespace

bool ReadinessReport::ready() const {
  return runner == "ok" && is_fine(chroma) && is_fine(llm);
}

Task<ReadinessReport> Readiness::check(RequestContext context) {
  // Where the embedded store takes Chroma's place: without its directory there is nothing to answer from.
  const bool has_embedded_store = options_.chroma == nullptr && ::access(options_.store_dir.c_str(), W_OK | X_OK) == 0;
  ReadinessReport report{"error", has_embedded_store ? "not_configured" : "error",
                         options_.llm == nullptr ? "not_configured" : "error"};
  TaskGroup checks(loop_, context.log);
  checks.spawn("check_runner", check_runner(context, options_.runner, options_.limit, report));
  if (options_.chroma != nullptr) {
    checks.spawn("check_chroma", check_store(context, *options_.chroma, options_.limit, report.chroma));
  }
  if (options_.llm != nullptr) {
    checks.spawn("check_llm", check_one(context, *options_.llm, options_.llm_health_path, options_.limit, report.llm));
  }
  if (options_.embedder != nullptr) {
    auto check = check_embedder(context, *options_.embedder, options_.embedder_url, options_.limit, report.embedder);
    checks.spawn("check_embedder", std::move(check));
  }
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await checks.join();
  co_return report;
}

void add_readiness_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "GET";
  route.path = "/readyz";
  route.scopes = {};
  route.handler = [&services](RequestContext context, HttpRequest) {
    return answer_readyz(services, std::move(context));
  };
  router.add(std::move(route));
}

}  // namespace codehelper
