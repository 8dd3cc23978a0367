// Puts processes together: the only place that names concrete adapters.
#pragma once

#include <filesystem>
#include <memory>

#include "codehelper/agents/conversation_store.hpp"
#include "codehelper/agents/language_model.hpp"
#include "codehelper/agents/web_search.hpp"
#include "codehelper/api/mcp.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/base/config.hpp"
#include "codehelper/index/chroma_store.hpp"
#include "codehelper/index/shared_state.hpp"
#include "codehelper/index/symbol_index.hpp"
#include "codehelper/index/vector_reuse.hpp"
#include "codehelper/jobs/index_freshness.hpp"
#include "codehelper/jobs/ingest_jobs.hpp"

namespace codehelper {

/// The running executable's own file.
std::filesystem::path own_executable();

/// Logs of servers go to standard output.
Log make_log(const Config& config);

/// A server that this process calls.
struct CalledServer {
  std::string role;     // in metrics
  std::string setting;  // that holds the URL, for messages
  std::string url;
  std::string token = {};  // empty = none is shown
};
/// Errors: invalid_input for a bad URL, with the setting's name.
Result<std::unique_ptr<HttpClient>> make_client(EventLoop& loop, Metrics& metrics, CalledServer server);

struct EmbedderParts {
  std::unique_ptr<HttpClient> client;  // null with the built-in embedder
  std::unique_ptr<Embedder> embedder;
};
/// Errors: invalid_input for a bad EMBED_URL.
Result<EmbedderParts> make_embedder(EventLoop& loop, Metrics& metrics, const EmbedConfig& config);

struct IndexParts {
  std::unique_ptr<HttpClient> chroma_client;  // null with the embedded store
  std::unique_ptr<VectorStore> store;
  ChromaStore* chroma = nullptr;  // `store`, when it is one
  std::unique_ptr<SymbolIndex> symbols;
  std::unique_ptr<VectorReuse> vectors;  // null where the store keeps none for that
  std::unique_ptr<SharedState> state;
  std::unique_ptr<HttpClient> embedder_client;  // null with the built-in embedder
  std::unique_ptr<Embedder> embedder;
};
/// `patience`: how long calls of Chroma are repeated (ChromaOptions). Errors: unavailable when the data directory can't
/// be made, invalid_input for a bad VECTOR_DB_URL or EMBED_URL.
Result<IndexParts> make_index_parts(EventLoop& loop, Metrics& metrics, const Config& config,
                                    std::chrono::milliseconds patience);

/// The Runner's part of a process.
class RunnerParts {
 public:
  /// Finds out how commands can be confined; the loop must not be running yet. Errors: unavailable when they can't be
  /// and must.
  static Result<std::unique_ptr<RunnerParts>> make(EventLoop& loop, Metrics& metrics, const Log& log,
                                                   const Config& config);
  void add_routes(Router& router) { add_runner_routes(router, services_); }
  CommandRunner& runner() { return *runner_; }

 private:
  RunnerParts(EventLoop& loop, Sandbox sandbox) : sandbox_(std::move(sandbox)), services_{loop} {}

  Sandbox sandbox_;
  std::unique_ptr<CommandRunner> runner_;
  RunnerServices services_;
};

/// The Crew API's part of a process. `loop` and `metrics` outlive it.
class ApiParts {
 public:
  struct Options {
    std::optional<std::filesystem::path> allowed_root;  // projects outside of it are refused
    IngestBackend backend = IngestBackend::local;
    std::string own_project = {};  // current in this process, and not told to others; empty = what the store says
  };
  static Result<std::unique_ptr<ApiParts>> make(EventLoop& loop, Metrics& metrics, const Log& log, const Config& config,
                                                Options options);

  void add_routes(Router& router);
  /// Before the loop runs: where the Runner is. Errors: invalid_input for a bad URL.
  Result<void> connect(const std::string& runner_url, const std::string& runner_token);
  /// The same with a Runner that outlives it; there is no readiness then.
  Result<void> connect(CommandRunner& runner);
  ApiServices& services() { return services_; }

  Projects& projects() { return *projects_; }
  Readiness& readiness() { return *readiness_; }
  Doctor& doctor() { return *doctor_; }
  /// Begins to load what the current project is searched in and to watch its files, so that its first question needn't
  /// wait.
  Task<void> warm_up(RequestContext context);
  /// Ends the index jobs of this process.
  Task<void> shut_down();

 private:
  Result<void> open_jobs(const Log& log, IngestBackend backend);
  Result<void> open_model();

  ApiParts(EventLoop& loop, Metrics& metrics, const Config& config)
      : loop_(loop), metrics_(metrics), config_(config), chat_runs_(loop), services_{loop, metrics} {}

  EventLoop& loop_;
  Metrics& metrics_;
  Config config_;
  IndexParts index_;
  std::unique_ptr<IngestJobs> jobs_;
  std::unique_ptr<IndexFreshness> freshness_;  // null where the index or its jobs are elsewhere
  std::unique_ptr<Projects> projects_;
  std::unique_ptr<Retriever> retriever_;
  std::unique_ptr<ConversationStore> conversations_;
  std::unique_ptr<WebSearch> web_search_;  // null: none is set
  std::unique_ptr<HttpClient> runner_client_;
  std::unique_ptr<HttpClient> llm_client_;
  std::unique_ptr<LanguageModel> model_;  // null without LLM_URL
  std::unique_ptr<CommandRunner> runner_;
  std::unique_ptr<Crew> crew_;
  ChatRuns chat_runs_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<Doctor> doctor_;
  std::unique_ptr<McpTools> mcp_tools_;
  ApiServices services_;
};

/// `root` with its links resolved. Errors: invalid_input when it is no directory.
Result<std::filesystem::path> resolve_root(const std::filesystem::path& root);

}  // namespace codehelper
