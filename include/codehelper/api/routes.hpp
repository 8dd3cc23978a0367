// The doors: each function adds the routes of one group to a router. Handlers read parse → validate → call → map.
// What the services refer to outlives the router; their pointers must be set before the loop runs.
#pragma once

#include "codehelper/agents/conversation_store.hpp"
#include "codehelper/agents/crew.hpp"
#include "codehelper/api/chat_runs.hpp"
#include "codehelper/api/doctor.hpp"
#include "codehelper/api/readiness.hpp"
#include "codehelper/base/metrics.hpp"
#include "codehelper/execute/command_runner.hpp"
#include "codehelper/execute/sandbox.hpp"
#include "codehelper/index/symbol_index.hpp"
#include "codehelper/jobs/projects.hpp"
#include "codehelper/net/router.hpp"
#include "codehelper/net/task_group.hpp"
#include "codehelper/retrieve/retriever.hpp"

namespace codehelper {

/// GET /health, GET /metrics: every listening mode has them.
void add_base_routes(Router& router, Metrics& metrics);

/// GET / and the files of the chat page, without a token.
void add_page_routes(Router& router);

struct RunnerServices {
  EventLoop& loop;
  CommandRunner* runner = nullptr;
  const Sandbox* sandbox = nullptr;
  std::map<std::string, TaskGroup*> active_runs{};  // by run id; each has one child
};
/// POST /execute, DELETE /execute/{run_id}, GET /sandbox.
void add_runner_routes(Router& router, RunnerServices& services);

struct ApiServices {
  EventLoop& loop;
  Metrics& metrics;
  Projects* projects = nullptr;
  Retriever* retriever = nullptr;
  SymbolIndex* symbols = nullptr;
  Crew* crew = nullptr;
  ChatRuns* chat_runs = nullptr;
  ConversationStore* conversations = nullptr;  // null = nothing is kept
  LanguageModel* model = nullptr;              // null = none
  CommandRunner* runner = nullptr;
  Readiness* readiness = nullptr;
  Doctor* doctor = nullptr;
  std::chrono::milliseconds runner_limit{60'000};
  std::uint64_t max_file_bytes = 1024 * 1024;  // of files that are indexed
};
/// GET /readyz.
void add_readiness_routes(Router& router, ApiServices& services);
/// GET and POST /project, DELETE /project/job.
void add_project_routes(Router& router, ApiServices& services);
/// GET /files, GET /directories, GET /project/skipped.
void add_file_routes(Router& router, ApiServices& services);
/// GET /doctor.
void add_doctor_routes(Router& router, ApiServices& services);
/// POST /search.
void add_search_routes(Router& router, ApiServices& services);
/// POST /symbols.
void add_symbols_routes(Router& router, ApiServices& services);
/// POST /chat, GET /chat/{run_id}/events, DELETE /chat/{run_id}.
void add_chat_routes(Router& router, ApiServices& services);
/// GET /conversations, GET, PATCH and DELETE /conversations/{id}.
void add_conversation_routes(Router& router, ApiServices& services);
/// POST /run.
void add_run_routes(Router& router, ApiServices& services);
/// GET /v1/models, GET /v1/models/{id}, POST /v1/chat/completions: OpenAI's API, errors of all of /v1 included.
void add_openai_routes(Router& router, ApiServices& services);

/// All of the above, and GET /openapi.json. The page's files and MCP are apart.
void add_api_routes(Router& router, ApiServices& services);

}  // namespace codehelper
