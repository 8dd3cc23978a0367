#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iterator>

#include "codehelper/base/text.hpp"
#include "codehelper/execute/child_process.hpp"
#include "codehelper/execute/sandbox.hpp"
#include "command_line.hpp"

namespace codehelper {

namespace {

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
int run_mode(const CommandLine& line, const ModeCommand& command) {
  std::vector<std::string> unknown = line.app.remaining();
  std::ranges::move(command.app->remaining(), std::back_inserter(unknown));
  std::erase(unknown, "--");  // CLI11 2.1 lists the mark itself among what it didn't know
  std::vector<std::string> faults;
  for (const std::string& word : unknown) faults.push_back(describe_unknown(command, word));
  const auto config = parse_config(command.description->mode, command.flags, load_environment());
  if (!config) faults.push_back(config.error().message);
  if (!faults.empty()) return fail_usage(fmt::format("{}", fmt::join(faults, "\n")));
  return command.description->run(*config, line.arguments);
}

int fail_unknown_mode(const CommandLine& line, const std::string& word) {
  std::vector<std::string_view> names;
  for (const ModeCommand& command : line.commands) names.push_back(command.description->name);
  const std::string_view nearest = nearest_name(word, names);
  if (nearest.empty()) return fail_usage(fmt::format("unknown mode \"{}\"; see codehelper --help", word));
  return fail_usage(fmt::format("unknown mode \"{}\"; did you mean {}?", word, nearest));
}

int parse_and_run(int argc, char** argv) {
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return line.app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  for (const ModeCommand& command : line.commands) {
    if (command.app->parsed()) return run_mode(line, command);
  }
  const std::vector<std::string> words = line.app.remaining();
  if (!words.empty()) return fail_unknown_mode(line, words.front());
  fmt::print(stderr, "{}", line.app.help());
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
