#include "wiring.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "codehelper/net/task_group.hpp"
#include "modes.hpp"

namespace codehelper {

namespace {

std::map<std::string, std::string> make_ingest_environment(const Config& config) {
  std::map<std::string, std::string> env{{"CODEHELPER_DATA_DIR", config.index.data_dir.string()},
                                         {"CODEHELPER_MAX_FILE_BYTES", std::to_string(config.index.max_file_bytes)},
                                         {"CODEHELPER_LOG_LEVEL", "info"}};
  // git's global ignore file is found through these; the sanitizers' options count in tests.
  const StringMap own = load_environment();
  for (const std::string_view name : {"HOME", "XDG_CONFIG_HOME", "PATH", "LANG", "ASAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const auto found = own.find(name); found != own.end()) env.emplace(name, found->second);
  }
  return env;
}

// An OpenAI-compatible base URL may end in /v1; its health check does not live there.
std::string health_base_of(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  if (url.ends_with("/v1")) url.resize(url.size() - 3);
  return url;
}

Task<void> shut_down(EventLoop& loop, HttpServer& server, std::chrono::milliseconds limit, const ServeHooks& hooks) {
  co_await server.drain(limit);
  if (hooks.on_drained) co_await hooks.on_drained();
  loop.stop();
}

}  // namespace

std::filesystem::path own_executable() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

Log make_log(const Config& config) {
  return Log(STDOUT_FILENO, config.log_level);
}

Result<IndexParts> make_index_parts(EventLoop& loop, const Config& config) {
  std::error_code error;
  std::filesystem::create_directories(config.index.data_dir, error);
  if (error || ::access(config.index.data_dir.c_str(), W_OK | X_OK) != 0) {
    return fail(ErrorCode::unavailable,
                fmt::format("the data directory {} can't be used{}; set CODEHELPER_DATA_DIR to one "
                            "that can be written",
                            config.index.data_dir.string(), error ? ": " + error.message() : ""));
  }
  return IndexParts{open_embedded_store(loop, config.index.data_dir), make_hashing_embedder(loop)};
}

RunnerParts::RunnerParts(EventLoop& loop, Metrics& metrics, const Config& config) : services_{loop} {
  const StringMap environment = load_environment();
  LocalRunnerOptions options;
  options.rules.allowed_root = config.runner.allowed_root;
  options.rules.executables = config.runner.executables;
  const auto path = environment.find("PATH");
  options.rules.search_path = path == environment.end() ? "/usr/local/bin:/usr/bin:/bin" : path->second;
  options.rules.base_env = make_base_environment(environment);
  options.supervisor = own_executable();
  options.parallel = config.runner.parallel;
  runner_ = make_local_runner(loop, metrics, std::move(options));
  services_.runner = runner_.get();
}

Result<std::unique_ptr<ApiParts>> ApiParts::make(EventLoop& loop, Metrics& metrics, const Log& log,
                                                 const Config& config, Options options) {
  std::unique_ptr<ApiParts> parts(new ApiParts(loop, metrics, config));
  auto index = make_index_parts(loop, config);
  if (!index) return std::unexpected(index.error());
  parts->index_ = std::move(*index);
  LocalJobsOptions jobs;
  jobs.executable = own_executable();
  jobs.data_dir = config.index.data_dir;
  jobs.env = make_ingest_environment(config);
  parts->jobs_ = make_local_ingest_jobs(loop, log, *parts->index_.store, std::move(jobs));
  Projects::Options projects;
  projects.state_file = config.index.data_dir / "current_project.json";
  projects.allowed_root = std::move(options.allowed_root);
  parts->projects_ = std::make_unique<Projects>(loop, *parts->index_.store, *parts->jobs_, std::move(projects));
  parts->retriever_ = std::make_unique<Retriever>(*parts->index_.store, *parts->index_.embedder);
  parts->services_.projects = parts->projects_.get();
  parts->services_.retriever = parts->retriever_.get();
  parts->services_.runner_limit = config.api.runner_limit;
  return parts;
}

void ApiParts::add_routes(Router& router) {
  add_readiness_routes(router, services_);
  add_project_routes(router, services_);
  add_search_routes(router, services_);
  add_chat_routes(router, services_);
  add_run_routes(router, services_);
}

Result<void> ApiParts::connect(const std::string& runner_url, const std::string& runner_token) {
  HttpClientOptions runner;
  runner.base_url = runner_url;
  runner.token = runner_token;
  auto runner_client = HttpClient::make(loop_, std::move(runner));
  if (!runner_client) return fail_with_context("RUNNER_URL", runner_client.error());
  runner_client_ = std::move(*runner_client);
  runner_ = make_remote_runner(*runner_client_, config_.api.runner_limit);
  services_.runner = runner_.get();

  Readiness::Options readiness{*runner_client_};
  readiness.limit = config_.api.readiness_limit;
  readiness.llm_health_path = config_.api.llm_health_path;
  std::string model_note = "No model is configured (LLM_URL), so this answer is made of the index alone.";
  if (!config_.api.llm_url.empty()) {
    HttpClientOptions llm;
    llm.base_url = health_base_of(config_.api.llm_url);
    auto llm_client = HttpClient::make(loop_, std::move(llm));
    if (!llm_client) return fail_with_context("LLM_URL", llm_client.error());
    llm_client_ = std::move(*llm_client);
    readiness.llm = llm_client_.get();
    model_note = "This version doesn't ask the configured model yet; this answer is made of the index alone.";
  }
  readiness_ = std::make_unique<Readiness>(loop_, std::move(readiness));
  services_.readiness = readiness_.get();
  crew_ = std::make_unique<Crew>(Crew::Parts{loop_, *retriever_, *runner_, std::move(model_note)});
  services_.crew = crew_.get();
  return {};
}

int serve(EventLoop& loop, Router router, const Config& config, const Log& log, Metrics& metrics, ServeHooks hooks) {
  HttpServerOptions options;
  options.host = config.listen.host;
  options.port = config.listen.port;
  options.token = config.listen.token;
  HttpServer server(loop, std::move(router), std::move(options), log, metrics);
  const auto port = server.start();
  if (!port) {
    fmt::print(stderr, "codehelper: {}\n", port.error().message);
    return kExitFailed;
  }
  if (hooks.on_listening) {
    const auto ready = hooks.on_listening(*port);
    if (!ready) {
      fmt::print(stderr, "codehelper: {}\n", ready.error().message);
      return kExitFailed;
    }
  }
  const bool is_ipv6 = config.listen.host.find(':') != std::string::npos;
  const std::string url = is_ipv6 ? fmt::format("http://[{}]:{}", config.listen.host, *port)
                                  : fmt::format("http://{}:{}", config.listen.host, *port);
  fmt::print(stderr, "codehelper: listening on {}\n", url);
  log.info("listening", {{"url", url}, {"version", CODEHELPER_VERSION}});

  TaskGroup shutdown(loop, log);
  loop.handle_shutdown_signals([&](int signal) {
    log.info("graceful_shutdown", {{"signal", signal}, {"limit_seconds", config.listen.drain.count()}});
    shutdown.spawn("shutdown", shut_down(loop, server, config.listen.drain, hooks));
  });
  loop.run();
  return kExitDone;
}

}  // namespace codehelper
