#include <fmt/format.h>

#include <cstdio>

#include "heap.hpp"
#include "modes.hpp"
#include "serving.hpp"
#include "wiring.hpp"

namespace codehelper {

int run_serve_runner(const Config& given, const Arguments&) {
  Config config = given;
  auto root = resolve_root(config.runner.allowed_root);
  if (!root) return fail_mode("serve-runner", root.error());
  config.runner.allowed_root = std::move(*root);
  keep_heap_compact();
  EventLoop loop;
  Metrics metrics;
  const Log log = make_log(config);
  const auto parts = RunnerParts::make(loop, metrics, log, config);
  if (!parts) return fail_mode("serve-runner", parts.error());
  Router router;
  add_base_routes(router, metrics);
  (*parts)->add_routes(router);
  return serve(loop, std::move(router), config, log, metrics, {});
}

}  // namespace codehelper
