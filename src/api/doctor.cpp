#include "codehelper/api/doctor.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "codehelper/agents/model_check.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "embedder_check.hpp"
#include "query_fields.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

// `state` as GET /readyz says it.
DoctorCheck judge(std::string subject, const std::string& state, std::string fix) {
  const bool is_fine = state == "ok" || state == "not_configured";
  return {std::move(subject), state, is_fine ? std::string() : std::move(fix)};
}

DoctorCheck judge_runner(const ReadinessReport& report, const std::string& url) {
  if (report.runner_refuses_token) return {"runner", "it refuses this server's token", std::string(kRunnerTokenFix)};
  return judge("runner", report.runner,
               fmt::format("start `codehelper serve-runner`, or correct RUNNER_URL ({})", url));
}

Task<DoctorCheck> check_web_search(RequestContext context, WebSearch* search) {
  DoctorCheck check{"web search", "not_configured", ""};
  if (search == nullptr) co_return check;
  const auto found = co_await search->search(std::move(context), "Kubernetes", 1);
  if (!found) {
    const bool is_away = found.error().code == ErrorCode::timeout || found.error().code == ErrorCode::unavailable;
    check.state = found.error().message;
    check.fix =
        is_away ? "let this machine reach it, or raise CODEHELPER_WEB_SECONDS" : "correct what is said, or unset it";
  } else if (found->empty()) {
    check.state = fmt::format("{} finds nothing", search->provider());
    check.fix = search->provider() == "searxng" ? "look at its log: are its engines blocked?"
                                                : "look there at the state of the account";
  } else {
    check.state = fmt::format("{} answers", search->provider());
  }
  co_return check;
}

/// How commands are confined, and what of that is missing there.
Task<DoctorCheck> check_sandbox(RequestContext context, HttpClient& runner) {
  HttpCall call;
  call.target = "/sandbox";
  call.limit = std::chrono::seconds(10);
  const auto answer = co_await runner.call(std::move(context), std::move(call));
  const auto level = answer ? parse_json_object(answer->body) : Result<json::object>(std::unexpected(answer.error()));
  const bool is_told = answer && answer->status == 200 && level && !text_in(*level, "level").empty();
  if (!is_told) {
    std::string state =
        answer ? fmt::format("the Runner answers with status {}", answer->status) : answer.error().message;
    co_return DoctorCheck{"sandbox", std::move(state), "correct RUNNER_URL and CODEHELPER_RUNNER_TOKEN"};
  }
  const std::string name = text_in(*level, "level");
  std::string missing;
  const json::value* list = level->if_contains("missing");
  if (list != nullptr && list->is_array()) {
    for (const json::value& item : list->as_array()) {
      if (item.is_object())
        missing += (missing.empty() ? "; missing: " : ", ") + text_in(item.as_object(), "mechanism");
    }
  }
  const bool is_open = name == "none" || name == "off";
  co_return DoctorCheck{
      "sandbox", name + missing,
      is_open ? "set RUNNER_SANDBOX=required where commands must not reach the rest of the machine" : ""};
}

Task<DoctorCheck> check_model_server(RequestContext context, LanguageModel& model) {
  const auto facts = co_await model.describe(std::move(context));
  if (!facts) co_return DoctorCheck{"llm model", facts.error().message, "correct LLM_URL, LLM_MODEL and LLM_API_KEY"};
  co_return DoctorCheck{
      "llm model", fmt::format("{} on {}, {} tokens of context", facts->model, facts->server, facts->context_tokens),
      ""};
}

Task<Result<HttpReply>> get_doctor(ApiServices& services, RequestContext context, HttpRequest request) {
  const auto is_thorough = query_flag(request, "thorough");
  if (!is_thorough) co_return std::unexpected(is_thorough.error());
  const DoctorDepth depth = *is_thorough ? DoctorDepth::thorough : DoctorDepth::quick;
  const auto found = co_await services.doctor->check(std::move(context), depth);
  json::array checks;
  for (const DoctorCheck& check : found) {
    checks.push_back(
        json::object{{"subject", check.subject}, {"ok", check.is_ok()}, {"state", check.state}, {"fix", check.fix}});
  }
  const json::object answer{{"checks", std::move(checks)}};
  co_return make_json_reply(to_json_text(answer));
}

}  // namespace

Task<std::vector<DoctorCheck>> Doctor::check(RequestContext context, DoctorDepth depth) {
  const ReadinessReport report = co_await options_.readiness.check(context);
  std::vector<DoctorCheck> checks;
  checks.push_back(judge_runner(report, options_.runner_url));
  if (options_.runner != nullptr && report.runner == "ok") {
    DoctorCheck sandbox = co_await check_sandbox(context, *options_.runner);
    checks.push_back(std::move(sandbox));
  }
  if (options_.has_embedded_store) {
    const bool is_writable = report.chroma == "not_configured";  // the store in its place
    checks.push_back(judge("embedded store", is_writable ? "ok" : report.chroma, "make CODEHELPER_DATA_DIR writable"));
  } else {
    checks.push_back(judge("chroma", report.chroma,
                           "start Chroma, or correct VECTOR_DB_URL; an error that stays means that its volume is gone: "
                           "restart it, then POST /project"));
  }
  checks.push_back(
      judge("llm readiness", report.llm, "start the model server, or correct LLM_URL and LLM_HEALTH_PATH"));
  if (options_.model != nullptr && depth == DoctorDepth::quick) {
    DoctorCheck model = co_await check_model_server(context, *options_.model);
    checks.push_back(std::move(model));
  }
  if (options_.model != nullptr && depth == DoctorDepth::thorough) {
    const auto found = co_await check_model(context, *options_.model);
    for (const ModelCheck& check : found) checks.push_back({check.subject, check.state, check.fix});
  }
  DoctorCheck embedder =
      judge("embedder", report.embedder, "start the embedding server, or correct EMBED_URL and EMBED_API_KEY");
  const bool is_tried = options_.embedder != nullptr && depth == DoctorDepth::thorough;
  if (is_tried && report.embedder == "ok") embedder = co_await check_embedder(context, *options_.embedder);
  checks.push_back(std::move(embedder));
  DoctorCheck web_search = co_await check_web_search(std::move(context), options_.web_search);
  checks.push_back(std::move(web_search));
  co_return checks;
}

void add_doctor_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "GET";
  route.path = "/doctor";
  route.scopes = Scope::read;
  route.time_budget = std::chrono::minutes(5);
  route.handler = [&services](RequestContext context, HttpRequest request) {
    return get_doctor(services, std::move(context), std::move(request));
  };
  router.add(std::move(route));
}

}  // namespace codehelper
