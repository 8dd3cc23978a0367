#include "wiring.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "codehelper/agents/model_server.hpp"
#include "codehelper/api/mcp_tools.hpp"
#include "codehelper/jobs/index_freshness.hpp"
#include "codehelper/jobs/kubernetes_ingest_jobs.hpp"
#include "codehelper/jobs/local_ingest_jobs.hpp"

namespace codehelper {

namespace {

std::string name_prefix(const std::string& prefix) {
  return prefix.empty() ? "none" : prefix;  // an empty variable would count as unset
}

// What an ingest needs wherever it runs, but for secrets: a Job's environment can be read by many.
std::map<std::string, std::string> make_ingest_environment(const Config& config) {
  std::map<std::string, std::string> env{{"CODEHELPER_MAX_FILE_BYTES", std::to_string(config.index.max_file_bytes)},
                                         {"CODEHELPER_LOG_LEVEL", "info"}};
  if (!config.embed.url.empty()) {
    env["EMBED_URL"] = config.embed.url;
    env["EMBED_MODEL"] = config.embed.model;
    env["EMBED_API"] = config.embed.api;
    env["CODEHELPER_EMBED_SECONDS"] = std::to_string(config.embed.limit.count());
    if (config.embed.document_prefix) env["EMBED_DOCUMENT_PREFIX"] = name_prefix(*config.embed.document_prefix);
    if (config.embed.query_prefix) env["EMBED_QUERY_PREFIX"] = name_prefix(*config.embed.query_prefix);
  }
  if (config.index.chroma_url.empty()) return env;
  env["VECTOR_DB_URL"] = config.index.chroma_url;
  env["CODEHELPER_CHROMA_SECONDS"] = std::to_string(config.index.chroma_limit.count());
  env["CODEHELPER_CHROMA_WRITE_SECONDS"] = std::to_string(config.index.chroma_write_limit.count());
  env["CODEHELPER_CHROMA_RETRY_SECONDS"] = std::to_string(config.index.chroma_patience.count());
  return env;
}

Result<std::unique_ptr<LocalIngestJobs>> make_local_jobs(EventLoop& loop, Metrics& metrics, const Log& log,
                                                         VectorStore& store, const Config& config) {
  LocalJobsOptions jobs;
  jobs.executable = own_executable();
  jobs.data_dir = config.index.data_dir;
  jobs.env = make_ingest_environment(config);
  jobs.env["CODEHELPER_DATA_DIR"] = config.index.data_dir.string();
  if (!config.embed.api_key.empty()) jobs.env["EMBED_API_KEY"] = config.embed.api_key;
  // git's global ignore file is found through these; the sanitizers' options count in tests.
  const StringMap own = load_environment();
  for (const std::string_view name : {"HOME", "XDG_CONFIG_HOME", "PATH", "LANG", "ASAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const auto found = own.find(name); found != own.end()) jobs.env.emplace(name, found->second);
  }
  return make_local_ingest_jobs(loop, log, metrics, store, std::move(jobs));
}

KubernetesPlace find_cluster(const Config& config) {
  KubernetesPlace place;
  place.kubeconfig = config.jobs.kubeconfig;
  place.service_host = config.jobs.service_host;
  place.service_port = config.jobs.service_port;
  return place;
}

bool uses_kubernetes(IngestBackend backend, const Config& config) {
  if (backend != IngestBackend::automatic) return backend == IngestBackend::kubernetes;
  const KubernetesPlace place = find_cluster(config);
  return !place.kubeconfig.empty() || place.is_in_cluster();
}

Result<std::unique_ptr<IngestJobs>> make_cluster_jobs(EventLoop& loop, Metrics& metrics, const Log& log,
                                                      VectorStore& store, const Config& config) {
  KubernetesJobsOptions jobs;
  jobs.place = find_cluster(config);
  if (jobs.place.kubeconfig.empty() && !jobs.place.is_in_cluster()) jobs.place.kubeconfig = config.jobs.home_kubeconfig;
  jobs.job_namespace = config.jobs.job_namespace;
  jobs.image = config.jobs.image;
  jobs.template_file = config.jobs.template_file;
  jobs.env = make_ingest_environment(config);
  jobs.shards = config.index.shards;
  jobs.limit = config.jobs.kubernetes_limit;
  jobs.supervisor = own_executable();
  // Credential plugins find their own settings where kubectl's do; ours are none of their business.
  for (const auto& [name, value] : load_environment()) {
    if (!name.starts_with("CODEHELPER_") && !name.ends_with("_API_KEY")) jobs.plugin_env.emplace(name, value);
  }
  if (config.index.chroma_url.empty()) {
    log.warning("index_not_shared", {{"cause", "index Jobs write where only their pod sees it; set VECTOR_DB_URL"}});
  }
  log.info("ingest_backend", {{"backend", "kubernetes"}, {"image", jobs.image}, {"shards", jobs.shards}});
  return make_kubernetes_ingest_jobs(loop, metrics, store, std::move(jobs));
}

Result<std::unique_ptr<LanguageModel>> make_model(HttpClient& client, const LlmConfig& config) {
  LanguageModelOptions options;
  options.url = model_base_url(config.url);
  options.model = config.model;
  options.api_key = config.api_key;
  if (config.api == "ollama") options.api = ModelApi::ollama;
  if (config.api == "openai") options.api = ModelApi::openai;
  options.context_tokens = config.context_tokens;
  options.limits = {config.limit, config.first_limit, config.token_limit};
  return make_language_model(client, std::move(options));
}

}  // namespace

std::filesystem::path own_executable() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

Log make_log(const Config& config) {
  return Log(STDOUT_FILENO, config.log_level);
}

Result<std::unique_ptr<ApiParts>> ApiParts::make(EventLoop& loop, Metrics& metrics, const Log& log,
                                                 const Config& config, Options options) {
  std::unique_ptr<ApiParts> parts(new ApiParts(loop, metrics, config));
  auto index = make_index_parts(loop, metrics, config, std::chrono::milliseconds(0));
  if (!index) return std::unexpected(index.error());
  parts->index_ = std::move(*index);
  if (!options.own_project.empty()) parts->index_.state = make_own_state({options.own_project, ""});
  const auto connected = parts->open_jobs(log, options.backend);
  if (!connected) return std::unexpected(connected.error());
  Projects::Options projects;
  projects.allowed_root = std::move(options.allowed_root);
  if (parts->index_.chroma == nullptr) projects.data_dir = config.index.data_dir;
  projects.freshness = parts->freshness_.get();
  parts->projects_ = std::make_unique<Projects>(metrics, *parts->index_.state, *parts->index_.store, *parts->jobs_,
                                                std::move(projects));
  parts->retriever_ =
      std::make_unique<Retriever>(loop, *parts->index_.store, *parts->index_.embedder, parts->freshness_.get());
  parts->conversations_ = open_conversation_store(loop, config.index.data_dir);
  parts->services_.conversations = parts->conversations_.get();
  auto web_search = make_web_search(loop, metrics, config.web);
  if (!web_search) return std::unexpected(web_search.error());
  parts->web_search_ = std::move(*web_search);
  parts->services_.projects = parts->projects_.get();
  parts->services_.retriever = parts->retriever_.get();
  parts->services_.symbols = parts->index_.symbols.get();
  parts->services_.chat_runs = &parts->chat_runs_;
  parts->services_.runner_limit = config.api.runner_limit;
  parts->services_.max_file_bytes = config.index.max_file_bytes;
  return parts;
}

Result<void> ApiParts::open_jobs(const Log& log, IngestBackend backend) {
  if (uses_kubernetes(backend, config_)) {
    auto jobs = make_cluster_jobs(loop_, metrics_, log, *index_.store, config_);
    if (!jobs) return std::unexpected(jobs.error());
    jobs_ = std::move(*jobs);
    return {};
  }
  auto jobs = make_local_jobs(loop_, metrics_, log, *index_.store, config_);
  if (!jobs) return std::unexpected(jobs.error());
  if (index_.chroma == nullptr) {
    FreshnessOptions options;
    options.data_dir = config_.index.data_dir;
    options.max_file_bytes = config_.index.max_file_bytes;
    options.embedder = index_.embedder->identity();
    freshness_ = make_index_freshness(loop_, log, *index_.store, **jobs, std::move(options));
  }
  jobs_ = std::move(*jobs);
  return {};
}

Task<void> ApiParts::shut_down() {
  co_await chat_runs_.shut_down();
  if (freshness_) co_await freshness_->shut_down();
  co_await jobs_->shut_down();
}

void ApiParts::add_routes(Router& router) {
  add_page_routes(router);
  add_api_routes(router, services_);
  mcp_tools_ = make_mcp_tools(services_, config_.index.max_file_bytes);
  add_mcp_routes(router, {*mcp_tools_, chat_runs_});
}

Result<void> ApiParts::connect(const std::string& runner_url, const std::string& runner_token) {
  auto runner_client = make_client(loop_, metrics_, {"runner", "RUNNER_URL", runner_url, runner_token});
  if (!runner_client) return std::unexpected(runner_client.error());
  runner_client_ = std::move(*runner_client);
  runner_ = make_remote_runner(*runner_client_, config_.api.runner_limit);
  const auto connected = connect(*runner_);
  if (!connected) return connected;

  Readiness::Options readiness{*runner_client_};
  readiness.chroma = index_.chroma_client.get();
  readiness.embedder = index_.embedder_client.get();
  readiness.embedder_url = config_.embed.url;
  readiness.store_dir = config_.index.data_dir;
  readiness.limit = config_.api.readiness_limit;
  readiness.llm = llm_client_.get();
  readiness.llm_health_path = config_.llm.health_path;
  readiness_ = std::make_unique<Readiness>(loop_, std::move(readiness));
  services_.readiness = readiness_.get();
  Doctor::Options doctor{*readiness_};
  doctor.runner_url = runner_url;
  doctor.has_embedded_store = index_.chroma == nullptr;
  doctor.web_search = web_search_.get();
  doctor.runner = runner_client_.get();
  doctor.model = model_.get();
  doctor.embedder = index_.embedder_client ? index_.embedder.get() : nullptr;
  doctor_ = std::make_unique<Doctor>(std::move(doctor));
  services_.doctor = doctor_.get();
  return {};
}

Result<void> ApiParts::connect(CommandRunner& runner) {
  const auto opened = open_model();
  if (!opened) return opened;
  services_.runner = &runner;
  Crew::Parts crew{loop_, *retriever_, *index_.symbols, runner};
  crew.model = model_.get();
  crew.web = web_search_.get();
  crew.conversations = conversations_.get();
  crew.max_file_bytes = config_.index.max_file_bytes;
  crew_ = std::make_unique<Crew>(crew);
  services_.crew = crew_.get();
  return {};
}

Result<void> ApiParts::open_model() {
  if (config_.llm.url.empty()) return {};
  auto llm_client =
      make_client(loop_, metrics_, {"llm", "LLM_URL", model_base_url(config_.llm.url), config_.llm.api_key});
  if (!llm_client) return std::unexpected(llm_client.error());
  llm_client_ = std::move(*llm_client);
  auto model = make_model(*llm_client_, config_.llm);
  if (!model) return fail_with_context("LLM_URL", model.error());
  model_ = std::move(*model);
  services_.model = model_.get();
  return {};
}

Task<void> ApiParts::warm_up(RequestContext context) {
  if (index_.chroma == nullptr) {
    co_await projects_->status(context, std::nullopt);  // which begins to watch it
    co_return;
  }
  const auto project = co_await projects_->resolve(context, std::nullopt);
  if (project) co_await index_.chroma->warm(context, *project);
}

Result<std::filesystem::path> resolve_root(const std::filesystem::path& root) {
  std::error_code error;
  auto resolved = std::filesystem::canonical(root, error);
  if (!error && std::filesystem::is_directory(resolved, error)) return resolved;
  return fail(ErrorCode::invalid_input,
              fmt::format("ALLOWED_ROOT {} is no directory here; make it, or name another one", root.string()));
}

}  // namespace codehelper
