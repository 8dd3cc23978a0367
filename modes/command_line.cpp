#include "command_line.hpp"

#include <fmt/format.h>

#include <iterator>

#include "codehelper/base/version.hpp"
#include "command_table.hpp"

namespace codehelper {

namespace {

void add_dev_arguments(CLI::App& app, Arguments& arguments) {
  set_kind(app.add_option("PATH", arguments.path, "the repository or folder; default: the current one"), "DIR");
}

void add_index_flags(CLI::App& app, Arguments& arguments) {
  app.add_flag("--plan", arguments.plan,
               "only say what would be indexed and what not, by which rule, and how long that takes");
  app.add_flag("--json", arguments.json, "print what is said as JSON");
  app.add_flag("--from-scratch", arguments.from_scratch, "forget the earlier index first");
  app.add_flag("--refresh", arguments.refresh, "a finished index stays ready meanwhile, and also when this fails");
  app.add_flag("--listen", arguments.listen, "serve /health, /metrics and /progress while indexing");
}

void add_mcp_arguments(CLI::App& app, Arguments& arguments) {
  add_dev_arguments(app, arguments);
  app.add_flag("--stdio")->description("over standard input and output: as it does without it, since clients say so");
}

void add_index_arguments(CLI::App& app, Arguments& arguments) {
  add_dev_arguments(app, arguments);
  add_index_flags(app, arguments);
}

void add_ingest_arguments(CLI::App& app, Arguments& arguments) {
  set_kind(app.add_option("PATH", arguments.path, "the repository or folder to index"), "DIR")->required();
  add_index_flags(app, arguments);
}

void add_why_arguments(CLI::App& app, Arguments& arguments) {
  set_kind(app.add_option("FILE", arguments.files, "files or folders"), "FILE")->required();
  set_kind(app.add_option("--project", arguments.project,
                          "path of the project, from which FILEs are named then; default: the repository around"),
           "DIR");
  app.add_flag("--json", arguments.json, "print it as JSON");
}

void add_client_arguments(CLI::App& app, Arguments& arguments) {
  set_kind(app.add_option("--project", arguments.project, "path of the project; default: the server's current one"),
           "DIR");
  app.add_flag("--json", arguments.json, "print the API's whole answer as JSON");
}

void add_chat_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("MESSAGE", arguments.text,
                 "the question or task; without one standard input is it, or you type on a terminal");
  set_kind(app.add_option("--attach", arguments.attached, "a file to read with it; may be given several times"), "FILE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  auto* last = app.add_flag("--continue", arguments.continues, "go on with the last conversation");
  app.add_option("--conversation", arguments.conversation, "go on with the conversation of this id")->excludes(last);
  add_client_arguments(app, arguments);
}

void add_search_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("QUERY", arguments.text, "words, an identifier, a stack trace")->required();
  set_range(app.add_option("--limit", arguments.limit, "hits at most, 1 to 200; default 10"), 1, 200);
  add_client_arguments(app, arguments);
}

void add_run_tests_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("COMMAND", arguments.command,
                 "run this instead of the project's usual test command; put -- before it");
  add_client_arguments(app, arguments);
}

void add_project_arguments(CLI::App& app, Arguments& arguments) {
  set_kind(app.add_option("ACTION", arguments.action,
                          "set: make PATH the server's project and index it; status: how far the index is; cancel: end "
                          "the indexing; reindex: bring the index up to the files of now"),
           "set|status|cancel|reindex")
      ->required();
  set_kind(app.add_option("PATH", arguments.project, "the project; default: the server's current one"), "DIR");
  app.add_flag("--wait", arguments.wait,
               "until nothing is indexed any more, with progress; status 1 if not ready then");
  app.add_flag("--json", arguments.json, "print the API's whole answer as JSON");
}

void add_doctor_arguments(CLI::App& app, Arguments& arguments) {
  set_kind(
      app.add_option("PATH", arguments.project, "with --check-index: the project whose index is read; default: all"),
      "DIR");
  app.add_flag("--check-index", arguments.check_index, "read the indexes of the embedded store from end to end");
  app.add_flag("--json", arguments.json, "print the findings as JSON");
}

void add_token_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("NAME", arguments.text, "whose it is: logs name it so")->required();
  app.add_option("--scopes", arguments.scopes,
                 "what it allows, with commas between: read (search, symbols, files, status), chat (questions, by "
                 "OpenAI's API too), run (commands in the sandbox), admin (what is indexed)")
      ->required();
  app.add_flag("--json", arguments.json, "print token and line as JSON");
}

void add_completion_arguments(CLI::App& app, Arguments& arguments) {
  set_kind(app.add_option("SHELL", arguments.shell, "whose script"), "bash|zsh|fish")->required();
}

void add_nothing(CLI::App&, Arguments&) {}

constexpr ModeDescription kModes[] = {
    {Mode::dev, "dev", "all in one for one person: indexes PATH, answers and runs its tests", add_dev_arguments,
     run_dev},
    {Mode::chat, "chat", "asks a server's crew", add_chat_arguments, run_chat},
    {Mode::search, "search", "asks a server for places in the code", add_search_arguments, run_search},
    {Mode::run_tests, "run-tests", "lets a server run the project's tests", add_run_tests_arguments, run_run_tests},
    {Mode::project, "project", "tells a server which project to index, and how far it is", add_project_arguments,
     run_project},
    {Mode::ingest, "index", "indexes PATH here and ends, or says what it would index", add_index_arguments, run_index},
    {Mode::why, "why", "says whether a file is indexed, or which rule keeps it out", add_why_arguments, run_why},
    {Mode::doctor, "doctor", "checks the servers that the API depends on, or the indexes", add_doctor_arguments,
     run_doctor},
    {Mode::serve_api, "serve-api", "the Crew API: project, chat, search, run", add_nothing, run_serve_api},
    {Mode::serve_runner, "serve-runner", "the Runner: runs allowed commands under one root", add_nothing,
     run_serve_runner},
    {Mode::mcp, "mcp", "the Model Context Protocol on standard input and output, for editors and agents",
     add_mcp_arguments, run_mcp},
    {Mode::ingest, "ingest", "index as a Job runs it: with its log on standard output", add_ingest_arguments,
     run_ingest},
    {Mode::reference, "token",
     "makes a token: its line for the tokens file on standard output, itself on standard error", add_token_arguments,
     run_token},
    {Mode::reference, "completion", "prints a completion script for a shell", add_completion_arguments, run_completion},
    {Mode::reference, "man", "prints the manual page: codehelper man | man -l -", add_nothing, run_man},
};

void add_settings(ModeCommand& command) {
  for (const Setting& setting : settings()) {
    if (!setting.applies_to(command.description->mode) || setting.flag.empty()) continue;
    std::string meaning = fmt::format("{} [{}; default: {}]", setting.meaning, setting.name, setting.default_text);
    CLI::Option* const option = command.app->add_option("--" + std::string(setting.flag),
                                                        command.flags[std::string(setting.flag)], std::move(meaning));
    if (!setting.kind.empty()) option->type_name(std::string(setting.kind));
  }
}

}  // namespace

CommandLine::CommandLine() : app("codehelper indexes a repository, answers about it and runs its tests") {
  const std::string version_text = fmt::format("codehelper {}", version());
  app.set_version_flag("--version", version_text);
  app.allow_extras();
  app.require_subcommand(0, 1);
  commands.reserve(std::size(kModes));
  for (const ModeDescription& mode : kModes) {
    ModeCommand& command = commands.emplace_back();
    command.description = &mode;
    command.app = app.add_subcommand(std::string(mode.name), std::string(mode.summary));
    command.app->set_version_flag("--version", version_text);
    command.app->allow_extras();
    mode.add_arguments(*command.app, arguments);
    add_settings(command);
  }
}

std::vector<CommandEntry> list_commands() {
  const CommandLine line;
  std::vector<CommandEntry> entries;
  for (const ModeCommand& command : line.commands) entries.push_back(describe_command(*command.app));
  return entries;
}

}  // namespace codehelper
