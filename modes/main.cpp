#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iterator>
#include <map>

#include "codehelper/base/text.hpp"
#include "codehelper/execute/child_process.hpp"
#include "codehelper/execute/sandbox.hpp"
#include "modes.hpp"

namespace codehelper {

namespace {

void add_path(CLI::App& app, Arguments& arguments) {
  app.add_option("PATH", arguments.path, "the repository or folder; default: the current directory");
}

void add_ingest_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("PATH", arguments.path, "the repository or folder to index")->required();
  app.add_flag("--listen", arguments.listen, "serve /health, /metrics and /progress while indexing");
  app.add_flag("--from-scratch", arguments.from_scratch, "forget the earlier index first");
  auto* plan = app.add_flag("--plan", arguments.plan, "only say what would be indexed and what not, and why");
  app.add_flag("--json", arguments.json, "the plan as JSON")->needs(plan);
  app.add_flag("--refresh", arguments.refresh, "a finished index stays ready meanwhile, and also when this fails");
}

void add_client_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("--project", arguments.project, "path of the project; default: the server's current one");
  app.add_flag("--json", arguments.json, "print the API's answer as JSON");
}

void add_chat_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("MESSAGE", arguments.text, "the question or task")->required();
  add_client_arguments(app, arguments);
}

void add_search_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("QUERY", arguments.text, "words, an identifier, a stack trace")->required();
  app.add_option("--limit", arguments.limit, "hits at most, 1 to 200; default 10")->check(CLI::Range(1, 200));
  add_client_arguments(app, arguments);
}

void add_run_tests_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("COMMAND", arguments.command,
                 "run this instead of the project's usual test command; put -- before it");
  add_client_arguments(app, arguments);
}

void add_doctor_arguments(CLI::App& app, Arguments& arguments) {
  app.add_option("PATH", arguments.project, "with --check-index: the project whose index is read; default: all");
  app.add_flag("--check-index", arguments.check_index, "read the indexes of the embedded store from end to end");
}

void add_nothing(CLI::App&, Arguments&) {}

constexpr ModeDescription kModes[] = {
    {Mode::dev, "dev", "all in one for one person: indexes PATH, answers and runs its tests", add_path, run_dev},
    {Mode::serve_api, "serve-api", "the Crew API: project, chat, search, run", add_nothing, run_serve_api},
    {Mode::serve_runner, "serve-runner", "the Runner: runs allowed commands under one root", add_nothing,
     run_serve_runner},
    {Mode::ingest, "ingest", "indexes PATH and ends", add_ingest_arguments, run_ingest},
    {Mode::mcp, "mcp", "the Model Context Protocol on standard input and output, for editors and agents", add_path,
     run_mcp},
    {Mode::search, "search", "asks a server for places in the code", add_search_arguments, run_search},
    {Mode::chat, "chat", "asks a server's crew", add_chat_arguments, run_chat},
    {Mode::doctor, "doctor", "checks the servers that the API depends on, or the indexes", add_doctor_arguments,
     run_doctor},
    {Mode::run_tests, "run-tests", "lets a server run the project's tests", add_run_tests_arguments, run_run_tests},
};

// One subcommand: its own arguments and the settings that apply to its mode.
struct ModeCommand {
  const ModeDescription* description = nullptr;
  CLI::App* app = nullptr;
  std::map<std::string, std::string, std::less<>> flags;
};

void add_settings(ModeCommand& command) {
  for (const Setting& setting : settings()) {
    if (!setting.applies_to(command.description->mode) || setting.flag.empty()) continue;
    std::string meaning = fmt::format("{} [{}; default: {}]", setting.meaning, setting.name, setting.default_text);
    command.app->add_option("--" + std::string(setting.flag), command.flags[std::string(setting.flag)],
                            std::move(meaning));
  }
}

std::string describe_unknown(const ModeCommand& command, const std::string& word) {
  if (!word.starts_with('-')) return fmt::format("unexpected argument \"{}\"", word);
  std::vector<std::string> names;
  for (const CLI::Option* option : command.app->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string_view nearest = nearest_name(word.substr(0, word.find('=')), candidates);
  if (nearest.empty()) return fmt::format("unknown flag {}; see codehelper {} --help", word, command.description->name);
  return fmt::format("unknown flag {}; did you mean {}?", word, nearest);
}

int fail_usage(std::string_view message) {
  fmt::print(stderr, "codehelper: {}\n", message);
  return kExitUsage;
}

// All that is wrong with the command line and the settings, told together.
int run_mode(const CLI::App& app, const ModeCommand& command, const Arguments& arguments) {
  std::vector<std::string> unknown = app.remaining();
  std::ranges::move(command.app->remaining(), std::back_inserter(unknown));
  std::erase(unknown, "--");  // CLI11 2.1 lists the mark itself among what it didn't know
  std::vector<std::string> faults;
  for (const std::string& word : unknown) faults.push_back(describe_unknown(command, word));
  const auto config = parse_config(command.description->mode, command.flags, load_environment());
  if (!config) faults.push_back(config.error().message);
  if (!faults.empty()) return fail_usage(fmt::format("{}", fmt::join(faults, "\n")));
  return command.description->run(*config, arguments);
}

int fail_unknown_mode(const std::string& word) {
  std::vector<std::string_view> names;
  for (const ModeDescription& mode : kModes) names.push_back(mode.name);
  const std::string_view nearest = nearest_name(word, names);
  if (nearest.empty()) return fail_usage(fmt::format("unknown mode \"{}\"; see codehelper --help", word));
  return fail_usage(fmt::format("unknown mode \"{}\"; did you mean {}?", word, nearest));
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("codehelper indexes a repository, answers about it and runs its tests");
  app.set_version_flag("--version", "codehelper " CODEHELPER_VERSION);
  app.allow_extras();
  app.require_subcommand(0, 1);
  Arguments arguments;
  std::vector<ModeCommand> commands;
  commands.reserve(std::size(kModes));
  for (const ModeDescription& mode : kModes) {
    ModeCommand& command = commands.emplace_back();
    command.description = &mode;
    command.app = app.add_subcommand(std::string(mode.name), std::string(mode.summary));
    command.app->set_version_flag("--version", "codehelper " CODEHELPER_VERSION);
    command.app->allow_extras();
    mode.add_arguments(*command.app, arguments);
    add_settings(command);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  for (const ModeCommand& command : commands) {
    if (command.app->parsed()) return run_mode(app, command, arguments);
  }
  const std::vector<std::string> words = app.remaining();
  if (!words.empty()) return fail_unknown_mode(words.front());
  fmt::print(stderr, "{}", app.help());
  return kExitUsage;
}

}  // namespace

int fail_mode(std::string_view name, const Error& error) {
  fmt::print(stderr, "codehelper {}: {}\n", name, error.message);
  return kExitFailed;
}

}  // namespace codehelper

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == codehelper::kSupervisorMode) return codehelper::run_supervisor(argc, argv);
  if (argc > 1 && argv[1] == codehelper::kConfinementProbeMode) return codehelper::run_confinement_probe(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return codehelper::parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "codehelper: {}\n", error.what());
    return codehelper::kExitFailed;
  }
}
