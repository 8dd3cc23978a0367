#include <fmt/format.h>
#include <boost/json/value_from.hpp>

#include <cstdio>

#include "client.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "modes.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

Result<std::string> find_project(CrewClient& client, const Arguments& arguments) {
  if (!arguments.project.empty()) return absolute_project(arguments.project);
  const auto status = client.call({"GET", "/project"});
  if (!status) return std::unexpected(status.error());
  const auto path = optional_string(*status, "project_path");
  if (!path) return std::unexpected(path.error());
  if (!*path) return fail(ErrorCode::not_found, "the server has no project yet; give one with --project");
  return **path;
}

// The command's own output, byte for byte on the stream that it wrote to.
void show_event(std::string_view event, const json::object& data) {
  if (event == "output") {
    std::FILE* const stream = text_in(data, "stream") == "stderr" ? stderr : stdout;
    fmt::print(stream, "{}", text_in(data, "text"));
    std::fflush(stream);
  } else if (event == "queued") {
    fmt::print(stderr, "codehelper run-tests: waiting for the Runner, {} before this one\n",
               count_in(data, "position"));
  } else if (event == "dropped") {
    fmt::print(stderr, "codehelper run-tests: some of the output is not shown\n");
  }
}

// That of the tests; a run that ended well without a test is no success, and a signal is told as a shell does.
int exit_status_of(const json::object& run) {
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
  const auto client = CrewClient::make(config);
  if (!client) return fail_mode("run-tests", client.error());
  const auto project = find_project(**client, arguments);
  if (!project) return fail_mode("run-tests", project.error());
  ApiCall call{"POST", "/run", {{"project_path", *project}, {"action", "run_tests"}}};
  if (!arguments.command.empty()) call.body["command"] = json::value_from(arguments.command);
  CrewClient::EventSink show = [&](std::string_view event, const json::object& data) {
    if (!arguments.json) show_event(event, data);
  };
  const auto run = run_until_done((*client)->loop(), (*client)->follow(std::move(call), std::move(show)));
  if (!run) return fail_mode("run-tests", run.error());
  if (arguments.json) fmt::print("{}\n", to_json_text(*run));
  const std::string summary = text_in(*run, "summary");
  if (!arguments.json && !summary.empty()) fmt::print(stderr, "{}\n", summary);
  return exit_status_of(*run);
}

}  // namespace codehelper
