#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>

#include "codehelper/index/index_check.hpp"
#include "modes.hpp"
#include "terminal.hpp"
#include "wiring.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

// On standard output: one line each as it is found, with what to do about it behind an arrow; or all as JSON at the
// end.
class Findings {
 public:
  explicit Findings(const Arguments& arguments) : as_json_(arguments.json) {}

  void add(std::string_view subject, const CheckResult& result) {
    const bool is_fine = result.fix.empty();
    has_fault_ = has_fault_ || !is_fine;
    checks_.push_back(json::object{{"subject", subject}, {"ok", is_fine}, {"state", result.what}, {"fix", result.fix}});
    if (as_json_) return;
    const std::string mark = is_fine ? style_.paint(Tone::good, "ok   ") : style_.paint(Tone::bad, "FAULT");
    fmt::print("{} {}: {}{}\n", mark, subject, result.what, is_fine ? "" : " -> " + result.fix);
    std::fflush(stdout);
  }
  int finish() {
    if (as_json_) fmt::print("{}\n", json::serialize(json::object{{"checks", std::move(checks_)}}));
    return has_fault_ ? kExitFailed : kExitDone;
  }

 private:
  bool as_json_;
  TextStyle style_ = find_terminal().out;
  json::array checks_;
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
  Findings findings(arguments);
  for (const std::filesystem::path& file : *files) {
    for (const CheckResult& result : check_index_file(file)) findings.add(file.filename().string(), result);
  }
  if (files->empty()) findings.add("indexes", {fmt::format("none in {}", config.index.data_dir.string()), ""});
  return findings.finish();
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
  Findings findings(arguments);
  const auto checks = run_until_done(
      loop, (*parts)->doctor().check(make_background_context(Log::none(), "doctor"), DoctorDepth::thorough));
  for (const DoctorCheck& check : checks) findings.add(check.subject, {check.state, check.fix});
  return findings.finish();
}

}  // namespace codehelper
