#include <fmt/format.h>
#include <unistd.h>

#include "codehelper/api/mcp_tools.hpp"
#include "codehelper/net/task_group.hpp"
#include "heap.hpp"
#include "modes.hpp"
#include "wiring.hpp"

namespace codehelper {

namespace {

Task<void> serve_and_stop(EventLoop& loop, ApiParts& parts, McpTools& tools, RequestContext context) {
  // Standard output belongs to the protocol alone.
  TaskGroup session(loop, context.log);
  session.spawn("mcp", serve_mcp_lines(loop, tools, context, STDIN_FILENO, STDOUT_FILENO));
  loop.handle_shutdown_signals([&session, &context](int signal) {
    context.log.info("graceful_shutdown", {{"signal", signal}});
    session.cancel_all();
  });
  co_await session.join();
  co_await parts.shut_down();
}

}  // namespace

int run_mcp(const Config& given, const Arguments& arguments) {
  Config config = given;
  if (!config.log_level_is_set) config.log_level = LogLevel::warning;
  const auto project = open_project(arguments.path);
  if (!project) return fail_mode("mcp", project.error());
  if (!config.runner.allowed_root_is_set) config.runner.allowed_root = project->root.parent_path();
  auto root = resolve_root(config.runner.allowed_root);
  if (!root) return fail_mode("mcp", root.error());
  config.runner.allowed_root = std::move(*root);

  keep_heap_compact();
  EventLoop loop;
  Metrics metrics;
  const Log log(STDERR_FILENO, config.log_level);
  const auto runner = RunnerParts::make(loop, metrics, log, config);
  if (!runner) return fail_mode("mcp", runner.error());
  ApiParts::Options options;
  options.allowed_root = config.runner.allowed_root;
  options.own_project = project->root.string();
  const auto parts = ApiParts::make(loop, metrics, log, config, std::move(options));
  if (!parts) return fail_mode("mcp", parts.error());
  const auto connected = (*parts)->connect((*runner)->runner());
  if (!connected) return fail_mode("mcp", connected.error());
  const auto tools = make_mcp_tools((*parts)->services(), config.index.max_file_bytes);
  run_until_done(loop, serve_and_stop(loop, **parts, *tools, make_background_context(log, "mcp")));
  return kExitDone;
}

}  // namespace codehelper
