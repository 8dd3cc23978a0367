#include "codehelper/api/doctor.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "codehelper/api/routes.hpp"
#include "codehelper/base/json_text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

// `state` as GET /readyz says it.
DoctorCheck judge(std::string subject, const std::string& state, std::string fix) {
  const bool is_fine = state == "ok" || state == "not_configured";
  return {std::move(subject), state, is_fine ? std::string() : std::move(fix)};
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
    check.fix = "look at its log: are its engines blocked?";
  } else {
    check.state = fmt::format("{} answers", search->provider());
  }
  co_return check;
}

Task<Result<HttpReply>> get_doctor(ApiServices& services, RequestContext context) {
  const auto found = co_await services.doctor->check(std::move(context));
  json::array checks;
  for (const DoctorCheck& check : found) {
    checks.push_back(
        json::object{{"subject", check.subject}, {"ok", check.is_ok()}, {"state", check.state}, {"fix", check.fix}});
  }
  const json::object answer{{"checks", std::move(checks)}};
  co_return make_json_reply(to_json_text(answer));
}

}  // namespace

Task<std::vector<DoctorCheck>> Doctor::check(RequestContext context) {
  const ReadinessReport report = co_await options_.readiness.check(context);
  std::vector<DoctorCheck> checks;
  checks.push_back(
      judge("runner", report.runner,
            fmt::format("start `codehelper serve-runner`, or correct RUNNER_URL ({})", options_.runner_url)));
  if (options_.has_embedded_store) {
    const bool is_writable = report.chroma == "not_configured";  // the store in its place
    checks.push_back(judge("embedded store", is_writable ? "ok" : report.chroma, "make CODEHELPER_DATA_DIR writable"));
  } else {
    checks.push_back(judge("chroma", report.chroma,
                           "start Chroma, or correct VECTOR_DB_URL; an error that stays means that its volume is gone: "
                           "restart it, then POST /project"));
  }
  checks.push_back(judge("llm", report.llm, "start the model server, or correct LLM_URL and LLM_HEALTH_PATH"));
  checks.push_back(
      judge("embedder", report.embedder, "start the embedding server, or correct EMBED_URL and EMBED_API_KEY"));
  DoctorCheck web_search = co_await check_web_search(std::move(context), options_.web_search);
  checks.push_back(std::move(web_search));
  co_return checks;
}

void add_doctor_routes(Router& router, ApiServices& services) {
  Route route;
  route.method = "GET";
  route.path = "/doctor";
  route.handler = [&services](RequestContext context, HttpRequest) { return get_doctor(services, std::move(context)); };
  router.add(std::move(route));
}

}  // namespace codehelper
