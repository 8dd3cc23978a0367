// The Runner of a process, and how what it runs is confined.
#include <fmt/format.h>

#include <algorithm>

#include "wiring.hpp"

namespace codehelper {

namespace {

std::string search_path_of(const StringMap& environment) {
  const auto path = environment.find("PATH");
  return path == environment.end() ? "/usr/local/bin:/usr/bin:/bin" : path->second;
}

SandboxRules make_sandbox_rules(const Config& config, const StringMap& environment) {
  const RunnerConfig& runner = config.runner;
  SandboxRules rules;
  rules.mode = parse_sandbox_mode(runner.sandbox).value_or(SandboxMode::required);
  for (const Mechanism mechanism : kMechanisms) {
    const auto& without = runner.sandbox_without;
    if (std::ranges::find(without, to_string(mechanism)) != without.end()) rules.allowed.remove(mechanism);
  }
  rules.network_on_request = runner.network == "on-request";
  rules.network = parse_network_access(runner.network).value_or(NetworkAccess::loopback);
  rules.limits.memory_bytes = runner.memory_max_bytes != 0 ? runner.memory_max_bytes : find_default_memory_limit();
  rules.limits.file_bytes = runner.file_max_bytes;
  rules.limits.tasks = runner.tasks_max;
  rules.limits.open_files = runner.open_files_max;
  rules.cache_dir = runner.cache_dir;
  rules.copy_dir = runner.copy_dir;
  rules.allowed_root = runner.allowed_root;
  rules.read_paths = runner.read_paths;
  rules.executables = runner.executables;
  rules.server_env = environment;
  rules.server_env["PATH"] = search_path_of(environment);
  return rules;
}

void tell_sandbox(const SandboxLevel& level, const Log& log, Metrics& metrics) {
  boost::json::object fields;
  for (const auto& [axis, value] : level.axes()) {
    fields[axis == "level" ? "confinement" : axis] = value;
    metrics.set("runner_sandbox", "Confinement of commands: 1 for the value that holds on an axis.",
                {{"axis", axis}, {"value", value}}, 1);
  }
  boost::json::array missing;
  for (const auto& [mechanism, cause] : level.missing) {
    missing.push_back(boost::json::string(fmt::format("{}: {}", mechanism, cause)));
  }
  fields["missing"] = std::move(missing);
  log.info("sandbox", std::move(fields));
}

}  // namespace

Result<std::unique_ptr<RunnerParts>> RunnerParts::make(EventLoop& loop, Metrics& metrics, const Log& log,
                                                       const Config& config) {
  const StringMap environment = load_environment();
  auto sandbox = Sandbox::open(loop, own_executable(), make_sandbox_rules(config, environment));
  if (!sandbox) return std::unexpected(sandbox.error());
  tell_sandbox(sandbox->level(), log, metrics);
  hide_this_process();

  LocalRunnerOptions options;
  options.rules.allowed_root = config.runner.allowed_root;
  options.rules.executables = config.runner.executables;
  options.rules.search_path = search_path_of(environment);
  options.rules.base_env = make_base_environment(environment, config.runner.passed_variables);
  options.supervisor = own_executable();
  options.parallel = config.runner.parallel;
  options.queue = config.runner.queue;
  options.output_limit_bytes = config.runner.output_max_bytes;

  options.copies.directory = config.runner.copy_dir;
  const std::filesystem::path& cache_dir = sandbox->rules().cache_dir;
  if (options.copies.directory.empty() && !cache_dir.empty()) options.copies.directory = cache_dir / "copies";
  options.copies.bytes_max = config.runner.copy_max_bytes;
  options.copies.files_max = config.runner.copy_max_files;

  std::unique_ptr<RunnerParts> parts(new RunnerParts(loop, std::move(*sandbox)));
  options.sandbox = &parts->sandbox_;
  parts->services_.sandbox = &parts->sandbox_;
  parts->runner_ = make_local_runner(loop, metrics, std::move(options));
  parts->services_.runner = parts->runner_.get();
  return parts;
}

}  // namespace codehelper
