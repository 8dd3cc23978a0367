#include "codehelper/api/process_figures.hpp"
#include "codehelper/api/routes.hpp"

namespace codehelper {

namespace {

Task<Result<HttpReply>> answer_health() {
  co_return make_json_reply(R"({"status":"ok"})");
}

Task<Result<HttpReply>> answer_metrics(Metrics& metrics) {
  record_process_figures(metrics);
  HttpReply reply;
  reply.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  reply.body = metrics.text();
  co_return reply;
}

}  // namespace

void add_base_routes(Router& router, Metrics& metrics) {
  Route health;
  health.method = "GET";
  health.path = "/health";
  health.scopes = {};
  health.handler = [](RequestContext, HttpRequest) { return answer_health(); };
  router.add(std::move(health));

  Route figures;
  figures.method = "GET";
  figures.path = "/metrics";
  figures.scopes = {};
  figures.handler = [&metrics](RequestContext, HttpRequest) { return answer_metrics(metrics); };
  router.add(std::move(figures));
}

}  // namespace codehelper
