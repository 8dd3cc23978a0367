#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "client.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"
#include "modes.hpp"
#include "progress.hpp"
#include "terminal.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds kLook{200};

Result<json::object> get_status(CrewClient& client, const std::string& project) {
  return client.call({"GET", project.empty() ? "/project" : "/project?project_path=" + encode_query(project)});
}

json::object object_in(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_object() ? value->as_object() : json::object();
}

double number_in(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

IndexProgress progress_in(const json::object& status) {
  const json::object shown = object_in(status, "progress");
  IndexProgress progress;
  progress.files_done = std::min(count_in(shown, "files_done"), count_in(shown, "files_total"));
  progress.files_total = count_in(shown, "files_total");
  progress.chunks = count_in(shown, "chunks");
  progress.seconds = number_in(shown, "seconds");
  return progress;
}

/// The status once nothing is indexed any more; shows how far it is meanwhile.
Result<json::object> wait_for_index(CrewClient& client, const std::string& project) {
  ProgressDisplay display;
  while (true) {
    auto status = get_status(client, project);
    if (!status || text_in(*status, "index_status") != "indexing") {
      display.clear();
      return status;
    }
    display.show(progress_in(*status));
    const auto waited = run_until_done(client.loop(), sleep_for(kLook));
    if (!waited) return std::unexpected(waited.error());
  }
}

void print_status(const json::object& status) {
  const TextStyle style = find_terminal().out;
  const std::string state = text_in(status, "index_status");
  const std::string project = text_in(status, "project_path");
  const Tone tone = state == "failed" ? Tone::bad : Tone::good;
  fmt::print("project: {}\n", project.empty() ? "none; set one: codehelper project set PATH" : style.clean(project));
  fmt::print("index:   {}\n", style.paint(tone, state));
  const json::object index = object_in(status, "index");
  if (count_in(index, "files") != 0) {
    fmt::print("         {} files, {} chunks; {} left out; finished {}\n", count_in(index, "files"),
               count_in(index, "chunks"), count_in(index, "skipped"), text_in(index, "finished_at"));
  }
  const std::uint64_t changed = count_in(index, "changed_files");
  if (changed != 0) fmt::print("         {} files have changed since\n", changed);
  const IndexProgress progress = progress_in(status);
  if (state == "indexing") fmt::print("         {} of {} files looked at\n", progress.files_done, progress.files_total);
  const std::string cause = text_in(status, "cause");
  if (!cause.empty()) fmt::print("cause:   {}\n", style.clean(cause));
  const std::string stale = text_in(status, "stale_because");
  if (!stale.empty()) fmt::print("stale:   {}\n", style.clean(stale));
}

void print_answer(const Arguments& arguments, const json::object& answer, std::string_view sentence) {
  if (arguments.json) {
    fmt::print("{}\n", to_json_text(answer));
  } else {
    fmt::print("{}\n", sentence);
  }
}

int show_status(CrewClient& client, const Arguments& arguments, const std::string& project) {
  const auto status = arguments.wait ? wait_for_index(client, project) : get_status(client, project);
  if (!status) return fail_mode("project", status.error());
  if (arguments.json) {
    fmt::print("{}\n", to_json_text(*status));
  } else {
    print_status(*status);
  }
  const bool is_ready = text_in(*status, "index_status") == "ready";
  return arguments.wait && !is_ready ? kExitFailed : kExitDone;
}

/// Of the server's current project when none is named.
Result<std::string> find_current(CrewClient& client, const std::string& project) {
  if (!project.empty()) return project;
  const auto status = get_status(client, project);
  if (!status) return std::unexpected(status.error());
  std::string current = text_in(*status, "project_path");
  if (current.empty()) {
    return fail(ErrorCode::not_found, "the server has no project yet; set one: codehelper project set PATH");
  }
  return current;
}

int start_index(CrewClient& client, const Arguments& arguments, const std::string& project) {
  json::object body{{"project_path", project}};
  if (arguments.action == "reindex") body["reindex"] = true;
  const auto posted = client.call({"POST", "/project", std::move(body)});
  const bool is_under_way = !posted && posted.error().code == ErrorCode::conflict;
  if (is_under_way && !arguments.wait) {
    return fail_mode("project", {ErrorCode::conflict,
                                 "this project is being indexed already; codehelper project status --wait follows it"});
  }
  if (!posted && !is_under_way) return fail_mode("project", posted.error());
  if (arguments.wait) return show_status(client, arguments, project);
  print_answer(arguments, *posted, "accepted; codehelper project status --wait follows it");
  return kExitDone;
}

int cancel_job(CrewClient& client, const Arguments& arguments) {
  const auto cancelled = client.call({"DELETE", "/project/job"});
  if (!cancelled) return fail_mode("project", cancelled.error());
  if (arguments.wait) {
    const auto ended = wait_for_index(client, {});
    if (!ended) return fail_mode("project", ended.error());
  }
  print_answer(arguments, *cancelled, "cancelled; what was indexed before goes on answering");
  return kExitDone;
}

int fail_usage(std::string_view message) {
  fmt::print(stderr, "codehelper project: {}\n", message);
  return kExitUsage;
}

}  // namespace

int run_project(const Config& config, const Arguments& arguments) {
  if (arguments.action == "set" && arguments.project.empty()) {
    return fail_usage("set needs a PATH: codehelper project set .");
  }
  if (arguments.action == "cancel" && !arguments.project.empty()) {
    return fail_usage("cancel takes no PATH: it ends what the server's current project waits for");
  }
  auto client = CrewClient::make(config);
  if (!client) return fail_mode("project", client.error());
  const std::string project = arguments.project.empty() ? "" : absolute_project(arguments.project);
  if (arguments.action == "status") return show_status(**client, arguments, project);
  if (arguments.action == "cancel") return cancel_job(**client, arguments);
  const auto named = find_current(**client, project);
  if (!named) return fail_mode("project", named.error());
  return start_index(**client, arguments, *named);
}

}  // namespace codehelper
