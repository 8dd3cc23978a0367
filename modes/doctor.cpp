#include <fmt/format.h>

#include <cstdio>

#include "codehelper/agents/model_check.hpp"
#include "codehelper/index/index_check.hpp"
#include "modes.hpp"
#include "wiring.hpp"

namespace codehelper {

namespace {

// One line each on standard output: what was found, and behind an arrow what to do about it.
class Findings {
 public:
  void add(std::string_view subject, const CheckResult& result) {
    if (result.fix.empty()) {
      fmt::print("ok    {}: {}\n", subject, result.what);
      return;
    }
    has_fault_ = true;
    fmt::print("FAULT {}: {} -> {}\n", subject, result.what, result.fix);
  }
  int exit_code() const { return has_fault_ ? kExitFailed : kExitDone; }

 private:
  bool has_fault_ = false;
};

Result<std::vector<std::filesystem::path>> find_indexes(const Config& config, const Arguments& arguments) {
  if (arguments.project.empty()) return list_index_files(config.index.data_dir);
  const auto project = name_project(arguments.project);
  if (!project) return std::unexpected(project.error());
  return std::vector{embedded_index_path(config.index.data_dir, *project)};
}

int check_indexes(const Config& config, const Arguments& arguments) {
  const auto files = find_indexes(config, arguments);
  if (!files) return fail_mode("doctor", files.error());
  Findings findings;
  for (const std::filesystem::path& file : *files) {
    for (const CheckResult& result : check_index_file(file)) findings.add(file.filename().string(), result);
  }
  if (files->empty()) findings.add("indexes", {fmt::format("none in {}", config.index.data_dir.string()), ""});
  return findings.exit_code();
}

// `state` as GET /readyz says it.
CheckResult judge(const std::string& state, std::string_view fix) {
  const bool is_fine = state == "ok" || state == "not_configured";
  return {state, is_fine ? "" : std::string(fix)};
}

/// Asks it for something.
CheckResult check_web_search(EventLoop& loop, WebSearch* search) {
  if (search == nullptr) return {"not_configured", ""};
  const RequestContext context = make_background_context(Log::none(), "doctor");
  const auto found = run_until_done(loop, search->search(context, "Kubernetes", 1));
  if (!found) {
    const std::string limit = "let this machine reach it, or raise CODEHELPER_WEB_SECONDS";
    const bool is_away = found.error().code == ErrorCode::timeout || found.error().code == ErrorCode::unavailable;
    return {found.error().message, is_away ? limit : "correct what is said, or unset it"};
  }
  if (found->empty()) {
    return {fmt::format("{} finds nothing", search->provider()), "look at its log: are its engines blocked?"};
  }
  return {fmt::format("{} answers", search->provider()), ""};
}

}  // namespace

int run_doctor(const Config& config, const Arguments& arguments) {
  if (arguments.check_index) return check_indexes(config, arguments);
  EventLoop loop;
  Metrics metrics;
  auto parts = ApiParts::make(loop, metrics, Log::none(), config, {});
  if (!parts) return fail_mode("doctor", parts.error());
  const auto connected = (*parts)->connect(config.api.runner_url, config.api.runner_token);
  if (!connected) return fail_mode("doctor", connected.error());
  const auto report = run_until_done(loop, (*parts)->readiness().check(make_background_context(Log::none(), "doctor")));
  Findings findings;
  const bool is_embedded = config.index.chroma_url.empty();
  findings.add("runner", judge(report.runner, fmt::format("start `codehelper serve-runner`, or correct RUNNER_URL ({})",
                                                          config.api.runner_url)));
  findings.add(is_embedded ? "embedded store" : "chroma",
               judge(report.chroma, is_embedded ? "make CODEHELPER_DATA_DIR writable"
                                                : "start Chroma, or correct VECTOR_DB_URL; an error that stays means "
                                                  "that its volume is gone: restart it, then POST /project"));
  findings.add("llm readiness", judge(report.llm, "start the model server, or correct LLM_URL and LLM_HEALTH_PATH"));
  if ((*parts)->model() != nullptr) {
    auto checking = check_model(make_background_context(Log::none(), "doctor"), *(*parts)->model());
    for (const ModelCheck& check : run_until_done(loop, std::move(checking))) {
      findings.add(check.subject, {check.state, check.fix});
    }
  }
  findings.add("embedder",
               judge(report.embedder, "start the embedding server, or correct EMBED_URL and EMBED_API_KEY"));
  findings.add("web search", check_web_search(loop, (*parts)->web_search()));
  return findings.exit_code();
}

}  // namespace codehelper
