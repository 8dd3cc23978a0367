#include <fmt/format.h>

#include <cstdio>

#include "codehelper/net/task_group.hpp"
#include "heap.hpp"
#include "modes.hpp"
#include "serving.hpp"
#include "wiring.hpp"

namespace codehelper {

namespace {

// CREW_API_VALIDATE_DEPS: a server that can't do its work doesn't start.
Result<void> check_dependencies(EventLoop& loop, ApiParts& parts, const Log& log) {
  const auto report = run_until_done(loop, parts.readiness().check(make_background_context(log, "start")));
  if (report.runner_refuses_token) {
    return fail(ErrorCode::unauthorized, fmt::format("the Runner refuses this server's token; {}", kRunnerTokenFix));
  }
  if (report.runner != "ok") {
    return fail(ErrorCode::unavailable,
                fmt::format("the Runner can't be reached ({}); start it or set RUNNER_URL", report.runner));
  }
  if (report.chroma != "ok" && report.chroma != "not_configured") {
    return fail(ErrorCode::unavailable,
                fmt::format("Chroma can't be used ({}); start it or set VECTOR_DB_URL", report.chroma));
  }
  return {};
}

Result<std::unique_ptr<ApiParts>> make_parts(EventLoop& loop, Metrics& metrics, const Log& log, const Config& config) {
  ApiParts::Options options;
  options.backend = config.jobs.backend;
  if (config.runner.allowed_root_is_set) {
    auto root = resolve_root(config.runner.allowed_root);
    if (!root) return std::unexpected(root.error());
    options.allowed_root = std::move(*root);
  }
  auto parts = ApiParts::make(loop, metrics, log, config, std::move(options));
  if (!parts) return parts;
  const auto connected = (*parts)->connect(config.api.runner_url, config.api.runner_token);
  if (!connected) return std::unexpected(connected.error());
  if (!config.api.validate_dependencies) return parts;
  const auto checked = check_dependencies(loop, **parts, log);
  if (!checked) return std::unexpected(checked.error());
  return parts;
}

Task<void> end_background(TaskGroup& background, ApiParts& parts) {
  background.cancel_all();
  co_await background.join();
  co_await parts.shut_down();
}

}  // namespace

int run_serve_api(const Config& config, const Arguments&) {
  keep_heap_compact();
  EventLoop loop;
  Metrics metrics;
  const Log log = make_log(config);
  const auto made = make_parts(loop, metrics, log, config);
  if (!made) return fail_mode("serve-api", made.error());
  ApiParts& parts = **made;
  Router router;
  add_base_routes(router, metrics);
  parts.add_routes(router);
  TaskGroup background(loop, log);
  ServeHooks hooks;
  hooks.on_listening = [&](std::uint16_t) -> Result<void> {
    background.spawn("warm_up", parts.warm_up(make_background_context(log, "start")));
    return {};
  };
  hooks.on_drained = [&] { return end_background(background, parts); };
  return serve(loop, std::move(router), config, log, metrics, std::move(hooks));
}

}  // namespace codehelper
