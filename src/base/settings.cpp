// The table of settings: what each is called, who reads it, and where its value goes.
#include "codehelper/base/config.hpp"
#include "setting_values.hpp"

namespace codehelper {

namespace {

constexpr unsigned bits(auto... modes) {
  return (static_cast<unsigned>(modes) | ...);
}

constexpr unsigned kServeApi = bits(Mode::serve_api);
constexpr unsigned kApi = bits(Mode::serve_api, Mode::dev);
constexpr unsigned kAsking = kApi | bits(Mode::doctor);  // whoever calls what the API depends on
constexpr unsigned kModel = kAsking | bits(Mode::mcp);
constexpr unsigned kRunner = bits(Mode::serve_runner, Mode::dev, Mode::mcp);
constexpr unsigned kListening = bits(Mode::serve_api, Mode::serve_runner, Mode::dev, Mode::ingest);
constexpr unsigned kIndexing = bits(Mode::serve_api, Mode::ingest, Mode::dev, Mode::mcp);
constexpr unsigned kStoring = kIndexing | bits(Mode::doctor);
constexpr unsigned kClients = bits(Mode::chat, Mode::run_tests, Mode::search, Mode::project);
constexpr unsigned kAll = kListening | kClients | bits(Mode::doctor, Mode::mcp);

// clang-format 19 loses its way in a list of this length.
// clang-format off
const Setting kSettings[] = {
    {"CODEHELPER_HOST", "", "host", kListening, "127.0.0.1", "address to listen on; 0.0.0.0 for every interface",
     [](Config& c, const std::string& v) {
       c.listen.host = v;
       return std::string();
     }},
    {"CODEHELPER_PORT", "", "port", kListening, "8000; serve-runner 8080; ingest any free one",
     "port to listen on; 0 = any free one, printed",
     [](Config& c, const std::string& v) -> std::string {
       const auto port = parse_whole(v, 0, 65'535);
       if (!port) return "must be a port from 0 to 65535";
       c.listen.port = static_cast<std::uint16_t>(*port);
       return {};
     }},
    {"CODEHELPER_ALLOW_OPEN", "", "allow-open", kListening & ~bits(Mode::dev), "no",
     "listen on another address than loopback although no token is asked for",
     [](Config& c, const std::string& v) { return apply_yes_no(c.listen.allow_open, v); },
     "yes|no"},
    {"CODEHELPER_ALLOWED_HOSTS", "", "allowed-hosts", kListening,
     "empty: on loopback its own names only, else any",
     "further names that the Host of a request may have, without ports: those of a proxy's clients, for instance",
     [](Config& c, const std::string& v) { return apply_host_names(c.listen.allowed_hosts, v); }},
    {"CODEHELPER_TOKENS_FILE", "", "tokens-file", kListening, "empty",
     "file of tokens with names and scopes, a line each as codehelper token makes it; read again when it changes",
     [](Config& c, const std::string& v) {
       c.listen.tokens_file = v;
       return std::string();
     },
     "FILE"},
    {"CODEHELPER_DRAIN_SECONDS", "", "drain-seconds", kListening, "30; serve-runner 60",
     "how long requests in flight may take after SIGTERM",
     [](Config& c, const std::string& v) { return apply_seconds(c.listen.drain, v); }},
    {"CODEHELPER_MAX_CONNECTIONS", "", "max-connections", kListening, "20000, or what the limit of open files allows",
     "connections at once; at the limit the one that waits for a request for longest is closed for a new one, and new "
     "ones get 503 while none does",
     [](Config& c, const std::string& v) { return apply_count(c.listen.max_connections, v, 1, 1'000'000); }},
    {"CODEHELPER_MAX_CONNECTIONS_PER_ADDRESS", "", "max-connections-per-address", kListening,
     "half of CODEHELPER_MAX_CONNECTIONS",
     "connections at once of one address (IPv6: one /64 network), but not on loopback; more get 429; 0 = no limit",
     [](Config& c, const std::string& v) {
       return apply_count(c.listen.address_connections.emplace(), v, 0, 1'000'000);
     }},
    {"CODEHELPER_RATE_LIMIT", "", "rate-limit", kListening, "100, but on loopback none",
     "requests a second of one caller, by its token or its address, and ten times as many at once; more get 429; not of "
     "/health, /readyz and /metrics; 0 = no limit",
     [](Config& c, const std::string& v) { return apply_count(c.listen.rate_limit.emplace(), v, 0, 1'000'000); }},
    {"RUNNER_URL", "RUNNER_SERVICE_URL", "runner-url", kAsking,
     "http://runner:8080; in dev the Runner in the same process", "base URL of the Runner",
     [](Config& c, const std::string& v) {
       c.api.runner_url_is_set = true;
       return apply_base_url(c.api.runner_url, v);
     }},
    {"CODEHELPER_RUNNER_CALL_SECONDS", "", "runner-call-seconds", kApi, "60", "limit of one call of the Runner",
     [](Config& c, const std::string& v) { return apply_seconds(c.api.runner_limit, v); }},
    {"LLM_URL", "OPENAI_BASE_URL", "llm-url", kModel, "empty: answers are made without a model",
     "base URL of the model server: Ollama, or anything with OpenAI's API, with or without /v1",
     [](Config& c, const std::string& v) { return apply_base_url(c.llm.url, v); }},
    {"LLM_MODEL", "OPENAI_MODEL_NAME", "llm-model", kModel, "the first for chat that the server lists",
     "the model, as the server names it", [](Config& c, const std::string& v) { return apply_text(c.llm.model, v); }},
    {"LLM_API_KEY", "OPENAI_API_KEY", "", kModel, "empty: no token is sent", "bearer token of the model server",
     [](Config& c, const std::string& v) { return apply_text(c.llm.api_key, v); }},
    {"LLM_API", "", "llm-api", kModel, "auto: by asking", "ollama, openai or auto",
     [](Config& c, const std::string& v) { return apply_choice(c.llm.api, v, {"auto", "ollama", "openai"}); },
     "auto|ollama|openai"},
    {"LLM_CONTEXT_TOKENS", "", "llm-context-tokens", kModel, "what the server says, else 8192",
     "tokens that the model takes, prompt and answer together; less than the server says makes prompts smaller",
     [](Config& c, const std::string& v) { return apply_count(c.llm.context_tokens, v, 1024, 10'000'000); }},
    {"CODEHELPER_LLM_SECONDS", "", "llm-seconds", kModel, "300",
     "limit of one question to the model until its last token, all tries included",
     [](Config& c, const std::string& v) { return apply_seconds(c.llm.limit, v); }},
    {"CODEHELPER_LLM_FIRST_SECONDS", "", "llm-first-seconds", kModel, "120",
     "limit until the model's first token; it may have to be loaded",
     [](Config& c, const std::string& v) { return apply_seconds(c.llm.first_limit, v); }},
    {"CODEHELPER_LLM_TOKEN_SECONDS", "", "llm-token-seconds", kModel, "60",
     "limit between two tokens of one answer of the model",
     [](Config& c, const std::string& v) { return apply_seconds(c.llm.token_limit, v); }},
    {"LLM_HEALTH_PATH", "", "llm-health-path", kAsking, "/", "path of the model server's health check",
     [](Config& c, const std::string& v) {
       c.llm.health_path = v.starts_with('/') ? v : "/" + v;
       return std::string();
     }},
    {"CODEHELPER_READINESS_SECONDS", "", "readiness-seconds", kAsking, "5",
     "limit of GET /readyz for each dependency, retries included",
     [](Config& c, const std::string& v) { return apply_seconds(c.api.readiness_limit, v); }},
    {"INGEST_BACKEND", "", "ingest-backend", kServeApi,
     "auto: kubernetes in a pod or when KUBECONFIG is set, else local",
     "where indexes are made: kubernetes (a Job a project), local (a child process) or auto",
     [](Config& c, const std::string& v) { return apply_backend(c.jobs.backend, v); },
     "auto|local|kubernetes"},
    {"KUBECONFIG", "", "kubeconfig", kServeApi, "empty: the pod's service account, else ~/.kube/config",
     "kubeconfig files with : between them; the first that has a name counts",
     [](Config& c, const std::string& v) { return apply_text(c.jobs.kubeconfig, v); },
     "FILE"},
    {"K8S_NAMESPACE", "", "k8s-namespace", kServeApi, "the pod's, else the kubeconfig context's, else code-helper",
     "namespace of the index Jobs",
     [](Config& c, const std::string& v) { return apply_namespace(c.jobs.job_namespace, v); }},
    {"INGEST_IMAGE", "", "ingest-image", kServeApi, "code-helper-ingest", "image of the index Jobs",
     [](Config& c, const std::string& v) { return apply_text(c.jobs.image, v); }},
    {"INGEST_JOB_TEMPLATE", "", "ingest-job-template", kServeApi, "empty: the built-in one, deploy/k8s/ingest-job.yaml",
     "file with the template of the index Jobs",
     [](Config& c, const std::string& v) {
       c.jobs.template_file = v;
       return std::string();
     },
     "FILE"},
    {"INGEST_SHARDS", "", "ingest-shards", kServeApi | bits(Mode::ingest), "1",
     "ingests that share the work on one project, each with its share of the files: pods of one index Job; with Chroma "
     "only",
     [](Config& c, const std::string& v) { return apply_count(c.index.shards, v, 1, 64); }},
    {"CODEHELPER_KUBERNETES_SECONDS", "", "kubernetes-seconds", kServeApi, "10",
     "limit of one look at, start or cancel of an index Job, all its calls, retries and waits included",
     [](Config& c, const std::string& v) { return apply_seconds(c.jobs.kubernetes_limit, v); }},
    {"KUBERNETES_SERVICE_HOST", "", "", kServeApi, "set by the kubelet", "host of the cluster's API",
     [](Config& c, const std::string& v) { return apply_text(c.jobs.service_host, v); }},
    {"KUBERNETES_SERVICE_PORT_HTTPS", "KUBERNETES_SERVICE_PORT", "", kServeApi, "set by the kubelet, else 443",
     "port of the cluster's API", [](Config& c, const std::string& v) { return apply_text(c.jobs.service_port, v); }},
    {"CREW_API_VALIDATE_DEPS", "", "validate-deps", kServeApi, "no",
     "check the Runner and Chroma at start and exit 1 when one can't be reached",
     [](Config& c, const std::string& v) { return apply_yes_no(c.api.validate_dependencies, v); },
     "yes|no"},
    {"ALLOWED_ROOT", "", "allowed-root", kApi | kRunner, "/tmp; in dev and mcp the indexed project's parent",
     "the only tree in which commands run; serve-api, when it is set there, accepts no project outside of it",
     [](Config& c, const std::string& v) {
       c.runner.allowed_root_is_set = true;
       return apply_directory(c.runner.allowed_root, v);
     },
     "DIR"},
    {"RUNNER_EXECUTABLES", "", "executables", kRunner,
     "pytest npm npx cargo go python python3 node ctest cmake make mvn gradle",
     "exact names of the executables that may be run",
     [](Config& c, const std::string& v) { return apply_names(c.runner.executables, v); }},
    {"RUNNER_PARALLEL", "", "parallel", kRunner, "2 x processors, at least 4", "runs at once; more wait for their turn",
     [](Config& c, const std::string& v) { return apply_count(c.runner.parallel, v, 1, 1024); }},
    {"RUNNER_QUEUE", "", "queue", kRunner, "256", "runs that may wait; more are refused with 503",
     [](Config& c, const std::string& v) { return apply_count(c.runner.queue, v, 0, 100'000); }},
    {"RUNNER_SANDBOX", "", "sandbox", kRunner, "required",
     "required: no start where files can't be confined; auto: whatever the machine gives; off: commands run with the "
     "Runner's rights",
     [](Config& c, const std::string& v) { return apply_choice(c.runner.sandbox, v, {"required", "auto", "off"}); },
     "required|auto|off"},
    {"RUNNER_SANDBOX_WITHOUT", "", "sandbox-without", kRunner, "empty",
     "mechanisms that are not to be used: user_namespace mount_namespace pid_namespace network_namespace landlock "
     "seccomp control_group",
     [](Config& c, const std::string& v) {
       return apply_names_of(c.runner.sandbox_without, v,
                             {"user_namespace", "mount_namespace", "pid_namespace", "network_namespace", "landlock",
                              "seccomp", "control_group"});
     }},
    {"RUNNER_NETWORK", "", "network", kRunner, "loopback",
     "what commands reach: none; loopback, each its own; full; on-request: loopback unless a request asks for full",
     [](Config& c, const std::string& v) {
       return apply_choice(c.runner.network, v, {"none", "loopback", "full", "on-request"});
     },
     "none|loopback|full|on-request"},
    {"RUNNER_MEMORY_MAX", "", "memory-max", kRunner, "4G, or 60 % of the machine's or container's memory if less",
     "memory of a run's process tree; K, M and G are taken",
     [](Config& c, const std::string& v) { return apply_bytes(c.runner.memory_max_bytes, v); }},
    {"RUNNER_FILE_MAX", "", "file-max", kRunner, "4G", "size of a file that a command writes",
     [](Config& c, const std::string& v) { return apply_bytes(c.runner.file_max_bytes, v); }},
    {"RUNNER_OUTPUT_MAX", "", "output-max", kRunner, "1G", "output at which a run is ended; far less is kept of it",
     [](Config& c, const std::string& v) { return apply_bytes(c.runner.output_max_bytes, v); }},
    {"RUNNER_TASKS_MAX", "", "tasks-max", kRunner, "512", "processes and threads of a run",
     [](Config& c, const std::string& v) { return apply_count(c.runner.tasks_max, v, 8, 100'000); }},
    {"RUNNER_OPEN_FILES_MAX", "", "open-files-max", kRunner, "65536", "files that a process may have open",
     [](Config& c, const std::string& v) { return apply_count(c.runner.open_files_max, v, 64, 1'000'000); }},
    {"RUNNER_CACHE_DIR", "", "cache-dir", kRunner, "runner-cache in the data directory",
     "where each project's caches (npm, cargo, go, pip, maven) stay between runs",
     [](Config& c, const std::string& v) { return apply_directory(c.runner.cache_dir, v); },
     "DIR"},
    {"RUNNER_COPY_DIR", "", "copy-dir", kRunner, "copies in RUNNER_CACHE_DIR",
     "where projects are copied to try a patch; on the projects' file system that may take no room and no time",
     [](Config& c, const std::string& v) { return apply_directory(c.runner.copy_dir, v); },
     "DIR"},
    {"RUNNER_COPY_BYTES_MAX", "", "copy-bytes-max", kRunner, "4G", "bytes of a project that is copied to try a patch",
     [](Config& c, const std::string& v) { return apply_bytes(c.runner.copy_max_bytes, v); }},
    {"RUNNER_COPY_FILES_MAX", "", "copy-files-max", kRunner, "200000",
     "files, directories and links of a project that is copied to try a patch",
     [](Config& c, const std::string& v) { return apply_count(c.runner.copy_max_files, v, 1, 100'000'000); }},
    {"RUNNER_READ_PATHS", "", "read-paths", kRunner, "empty",
     "further absolute paths that commands may read, separated by colons",
     [](Config& c, const std::string& v) { return apply_paths(c.runner.read_paths, v); }},
    {"RUNNER_ENV_PASS", "", "env-pass", kRunner, "empty",
     "further variables of the Runner that commands get; a name may end in *",
     [](Config& c, const std::string& v) { return apply_names(c.runner.passed_variables, v); }},
    {"CODEHELPER_DATA_DIR", "", "data-dir", kStoring | kRunner | bits(Mode::chat),
     "$XDG_DATA_HOME/codehelper, else ~/.local/share/codehelper",
     "directory of the embedded store, of state, of the locks of ingests, of the caches of commands, and of what was typed "
     "into chat",
     [](Config& c, const std::string& v) { return apply_directory(c.index.data_dir, v); },
     "DIR"},
    {"CODEHELPER_MAX_FILE_BYTES", "", "max-file-bytes", kIndexing | bits(Mode::why), "1048576", "larger files are not indexed",
     [](Config& c, const std::string& v) -> std::string {
       const auto bytes = parse_whole(v, 1, 1L << 30);
       if (!bytes) return "must be a whole number of bytes from 1 to 1073741824";
       c.index.max_file_bytes = static_cast<std::uint64_t>(*bytes);
       return {};
     }},
    {"VECTOR_DB_URL", "CHROMA_URL", "vector-db-url", kStoring, "empty: the embedded store",
     "base URL of Chroma, where indexes and the servers' shared state are kept then",
     [](Config& c, const std::string& v) { return apply_base_url(c.index.chroma_url, v); }},
    {"CODEHELPER_CHROMA_SECONDS", "", "chroma-seconds", kIndexing, "30", "limit of one call of Chroma",
     [](Config& c, const std::string& v) { return apply_seconds(c.index.chroma_limit, v); }},
    {"CODEHELPER_CHROMA_WRITE_SECONDS", "", "chroma-write-seconds", kIndexing, "120",
     "limit of one call that writes records into Chroma; at least 60 is wise",
     [](Config& c, const std::string& v) { return apply_seconds(c.index.chroma_write_limit, v); }},
    {"CODEHELPER_CHROMA_RETRY_SECONDS", "", "chroma-retry-seconds", kIndexing, "120",
     "how long an ingest goes on repeating a call while Chroma can't be reached; then it fails with the cause",
     [](Config& c, const std::string& v) { return apply_seconds(c.index.chroma_patience, v); }},
    {"EMBED_URL", "", "embed-url", kStoring, "empty: the built-in embedder, which needs no model",
     "base URL of a server that embeds: Ollama, or anything with OpenAI's API, with or without /v1",
     [](Config& c, const std::string& v) { return apply_base_url(c.embed.url, v); }},
    {"EMBED_MODEL", "", "embed-model", kIndexing, "nomic-embed-text", "the embedding model, as the server names it",
     [](Config& c, const std::string& v) { return apply_text(c.embed.model, v); }},
    {"EMBED_API", "", "embed-api", kIndexing, "auto: by the URL, else by asking", "ollama, openai or auto",
     [](Config& c, const std::string& v) { return apply_choice(c.embed.api, v, {"auto", "ollama", "openai"}); },
     "auto|ollama|openai"},
    {"EMBED_API_KEY", "", "", kStoring, "empty", "bearer token of the embedding server",
     [](Config& c, const std::string& v) { return apply_text(c.embed.api_key, v); }},
    {"EMBED_DOCUMENT_PREFIX", "", "embed-document-prefix", kIndexing, "as the model's family was trained",
     "what stands before a text that is indexed; none = nothing",
     [](Config& c, const std::string& v) { return apply_prefix(c.embed.document_prefix, v); }},
    {"EMBED_QUERY_PREFIX", "", "embed-query-prefix", kIndexing, "as the model's family was trained",
     "what stands before a question; none = nothing",
     [](Config& c, const std::string& v) { return apply_prefix(c.embed.query_prefix, v); }},
    {"CODEHELPER_EMBED_SECONDS", "", "embed-seconds", kIndexing, "60",
     "limit of embedding 32 texts, retries included; a question waits 10 s at most and is answered by its words then",
     [](Config& c, const std::string& v) { return apply_seconds(c.embed.limit, v); }},
    {"TAVILY_API_KEY", "", "", kModel, "empty", "key of Tavily, which searches the web then",
     [](Config& c, const std::string& v) { return apply_text(c.web.tavily_key, v); }},
    {"TAVILY_URL", "", "tavily-url", kModel, "https://api.tavily.com", "base URL of Tavily's API",
     [](Config& c, const std::string& v) { return apply_base_url(c.web.tavily_url, v); }},
    {"SERPER_API_KEY", "", "", kModel, "empty", "key of Serper, which searches the web when no TAVILY_API_KEY is set",
     [](Config& c, const std::string& v) { return apply_text(c.web.serper_key, v); }},
    {"SERPER_URL", "", "serper-url", kModel, "https://google.serper.dev", "base URL of Serper's API",
     [](Config& c, const std::string& v) { return apply_base_url(c.web.serper_url, v); }},
    {"SEARXNG_URL", "", "searxng-url", kModel, "empty",
     "base URL of a SearXNG that gives JSON, which searches the web when neither key is set",
     [](Config& c, const std::string& v) { return apply_base_url(c.web.searxng_url, v); }},
    {"CODEHELPER_WEB_SECONDS", "", "web-seconds", kModel, "30", "limit of one search of the web",
     [](Config& c, const std::string& v) { return apply_seconds(c.web.limit, v); }},
    {"JOB_COMPLETION_INDEX", "", "shard", bits(Mode::ingest), "0",
     "which of the shares this ingest takes, from 0; Kubernetes sets it in an Indexed Job",
     [](Config& c, const std::string& v) { return apply_count(c.index.shard, v, 0, 63); }},
    {"INGEST_RUN_ID", "", "run-id", bits(Mode::ingest), "empty",
     "names the run that the shares belong to, so that reports of an earlier one don't count; a Job's uid",
     [](Config& c, const std::string& v) { return apply_text(c.index.run_id, v); }},
    {"CODEHELPER_API_TOKEN", "", "", kApi | kClients | bits(Mode::ingest), "empty: no token needed",
     "bearer token of the Crew API and of ingest --listen, with all scopes, asked of callers on every route but /health, "
     "/readyz and /metrics",
     [](Config& c, const std::string& v) {
       c.listen.token = v;
       c.client.token = v;
       return std::string();
     }},
    {"CODEHELPER_RUNNER_TOKEN", "", "", kAsking | bits(Mode::serve_runner), "empty: no token needed",
     "bearer token of the Runner; in dev it counts where no API token is set",
     [](Config& c, const std::string& v) {
       c.api.runner_token = v;
       return std::string();
     }},
    {"CODE_HELPER_API_URL", "", "api-url", kClients, "http://localhost:8000", "base URL of the Crew API",
     [](Config& c, const std::string& v) { return apply_base_url(c.client.api_url, v); }},
    {"CODEHELPER_LOG_LEVEL", "", "log-level", kAll, "info; mcp, and dev on a terminal: warning", "debug, info, warning or error",
     [](Config& c, const std::string& v) -> std::string {
       const auto level = parse_log_level(v);
       if (!level) return "must be debug, info, warning or error";
       c.log_level = *level;
       c.log_level_is_set = true;
       return {};
     },
     "debug|info|warning|error"},
};
// clang-format on

}  // namespace

std::span<const Setting> settings() {
  return kSettings;
}

}  // namespace codehelper
