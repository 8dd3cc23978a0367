#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <cstdio>

#include "client.hpp"
#include "codehelper/base/json_fields.hpp"
#include "modes.hpp"

namespace codehelper {

namespace {

Result<std::string> find_project(const Config& config, const Arguments& arguments) {
  if (!arguments.project.empty()) return absolute_project(arguments.project);
  const auto status = call_api(config, {"GET", "/project", {}});
  if (!status) return std::unexpected(status.error());
  const auto path = optional_string(*status, "project_path");
  if (!path) return std::unexpected(path.error());
  if (!*path) return fail(ErrorCode::not_found, "the server has no project yet; give one with --project");
  return **path;
}

void print_run(const boost::json::object& run) {
  for (const auto& [field, stream] : {std::pair{"stdout", stdout}, std::pair{"stderr", stderr}}) {
    const auto text = optional_string(run, field);
    if (text && *text) fmt::print(stream, "{}", **text);
  }
  const auto summary = optional_string(run, "summary");
  if (summary && *summary) fmt::print(stderr, "{}\n", **summary);
}

// That of the tests; a run that ended well without a test is no success, and a signal is told as a shell does.
int exit_status_of(const boost::json::object& run) {
  const auto exit_code = optional_integer(run, "exit_code", -255, 255);
  const auto success = optional_bool(run, "success");
  if (!exit_code || !*exit_code || !success || !*success) return kExitFailed;
  if (**success) return kExitDone;
  const std::int64_t code = **exit_code;
  if (code == 0 || code == -1) return kExitFailed;
  return static_cast<int>(code < 0 ? 128 - code : code);
}

}  // namespace

int run_run_tests(const Config& config, const Arguments& arguments) {
  const auto project = find_project(config, arguments);
  if (!project) return fail_mode("run-tests", project.error());
  ApiCall call{"POST", "/run", {{"project_path", *project}, {"action", "run_tests"}}};
  if (!arguments.command.empty()) call.body["command"] = boost::json::value_from(arguments.command);
  const auto run = call_api(config, std::move(call));
  if (!run) return fail_mode("run-tests", run.error());
  if (arguments.json) {
    fmt::print("{}\n", boost::json::serialize(*run));
  } else {
    print_run(*run);
  }
  return exit_status_of(*run);
}

}  // namespace codehelper
