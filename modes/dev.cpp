#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "codehelper/net/task_group.hpp"
#include "heap.hpp"
#include "modes.hpp"
#include "progress.hpp"
#include "serving.hpp"
#include "wiring.hpp"

namespace codehelper {

namespace {

constexpr std::chrono::milliseconds kLook{100};

void show_end(ProgressDisplay& display, const ProjectStatus& status, const std::string& url) {
  if (status.status == IndexStatus::ready) {
    const IndexMarker& index = *status.index;
    display.finish(
        fmt::format("ready: {} files, {} chunks indexed ({} files left out)\n"
                    "page:  {}\n"
                    "ask:   codehelper search --api-url {} \"where are requests parsed\"\n"
                    "       codehelper chat --api-url {} \"how does the server start\"\n"
                    "test:  codehelper run-tests --api-url {}",
                    index.files, index.chunks, index.skipped, url, url, url, url));
  } else {
    display.finish(fmt::format("the index is not ready: {}", status.job.cause));
  }
}

// Brings the index up to the files of now and shows how far it is, while the server answers already.
Task<void> index_and_show(ApiParts& parts, RequestContext context, std::string path, std::string url) {
  ProgressDisplay display;
  ProjectPost post;
  post.project_path = path;
  post.reindex = Reindex::always;
  const auto posted = co_await parts.projects().post(context, std::move(post));
  if (!posted && posted.error().code != ErrorCode::conflict) {
    display.finish("the index could not be started: " + posted.error().message);
    co_return;
  }
  while (true) {
    const auto status = co_await parts.projects().status(context, path);
    if (!status) {
      display.finish("the state of the index can't be read: " + status.error().message);
      co_return;
    }
    if (status->status != IndexStatus::indexing) {
      show_end(display, *status, url);
      co_return;
    }
    if (status->job.progress) display.show(*status->job.progress);
    const auto waited = co_await sleep_for(kLook);
    if (!waited) co_return;
  }
}

Task<void> end_background(TaskGroup& background, ApiParts& parts) {
  background.cancel_all();
  co_await background.join();
  co_await parts.shut_down();
}

// On a terminal people want the progress, not a log line for each request.
Config adapt_to_terminal(Config config) {
  if (!config.log_level_is_set && ::isatty(STDOUT_FILENO) == 1) config.log_level = LogLevel::warning;
  return config;
}

}  // namespace

int run_dev(const Config& given, const Arguments& arguments) {
  Config config = adapt_to_terminal(given);
  const auto project = open_project(arguments.path);
  if (!project) return fail_mode("dev", project.error());
  if (!is_loopback(config.listen.host)) {
    fmt::print(stderr, "codehelper dev: it listens on loopback only, not on {}; use serve-api and serve-runner\n",
               config.listen.host);
    return kExitUsage;
  }
  config.listen.own_token = make_access_token();
  if (!config.runner.allowed_root_is_set) config.runner.allowed_root = project->root.parent_path();
  auto root = resolve_root(config.runner.allowed_root);
  if (!root) return fail_mode("dev", root.error());
  config.runner.allowed_root = std::move(*root);

  keep_heap_compact();
  EventLoop loop;
  Metrics metrics;
  const Log log = make_log(config);
  const auto runner = RunnerParts::make(loop, metrics, log, config);
  if (!runner) return fail_mode("dev", runner.error());
  ApiParts::Options options;
  options.allowed_root = config.runner.allowed_root;
  auto made = ApiParts::make(loop, metrics, log, config, std::move(options));
  if (!made) return fail_mode("dev", made.error());
  ApiParts& parts = **made;
  Router router;
  add_base_routes(router, metrics);
  parts.add_routes(router);
  (*runner)->add_routes(router);

  TaskGroup background(loop, log);
  ServeHooks hooks;
  hooks.on_listening = [&](std::uint16_t port) -> Result<void> {
    const std::string url = make_url(config.listen.host, port);
    const auto connected = config.api.runner_url_is_set ? parts.connect(config.api.runner_url, config.api.runner_token)
                                                        : parts.connect(url, config.listen.own_token);
    if (!connected) return connected;
    background.spawn("index", index_and_show(parts, make_background_context(log, "dev"), project->root.string(), url));
    return {};
  };
  hooks.on_drained = [&] { return end_background(background, parts); };
  return serve(loop, std::move(router), config, log, metrics, std::move(hooks));
}

}  // namespace codehelper
