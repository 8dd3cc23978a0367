#include "modes.hpp"
#include "wiring.hpp"

namespace codehelper {

int run_serve_runner(const Config& config, const Arguments&) {
  EventLoop loop;
  Metrics metrics;
  RunnerParts parts(loop, metrics, config);
  Router router;
  add_base_routes(router, metrics);
  parts.add_routes(router);
  return serve(loop, std::move(router), config, make_log(config), metrics, {});
}

}  // namespace codehelper
