#include "codehelper/execute/command_policy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include "codehelper/base/path.hpp"

namespace codehelper {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kStringLimit =
    std::size_t{128} * 1024;  // one argument or variable with its NUL: MAX_ARG_STRLEN of Linux
constexpr std::size_t kTotalLimit = std::size_t{1024} * 1024;  // arguments and environment together
constexpr std::chrono::milliseconds kTimeoutMinimum = std::chrono::seconds(1);
constexpr std::chrono::milliseconds kTimeoutMaximum = std::chrono::hours(1);

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::invalid_input, std::move(message));
}

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

// The real path of an existing directory.
Result<fs::path> resolve_directory(std::string_view field, const fs::path& path) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  if (error) return refuse(fmt::format("{}: {} does not exist or can't be entered", field, path.string()));
  if (!fs::is_directory(real, error)) return refuse(fmt::format("{}: {} is not a directory", field, path.string()));
  return real;
}

Result<fs::path> check_project(const PolicyRules& rules, const std::string& project_path) {
  if (project_path.empty()) return refuse("project_path: must not be empty");
  if (has_nul(project_path)) return refuse("project_path: must not contain a NUL character");
  const fs::path path = project_path;
  if (!path.is_absolute()) return refuse("project_path: must be an absolute path");
  auto root = resolve_directory("the allowed root", rules.allowed_root);
  if (!root) return root;
  auto real = resolve_directory("project_path", path);
  if (!real) return real;
  if (!is_inside(*real, *root)) {
    return refuse(fmt::format("project_path: {} is outside the allowed root {}", project_path, root->string()));
  }
  return real;
}

Result<fs::path> check_cwd(const fs::path& project, const std::string& cwd) {
  if (cwd.empty()) return project;
  if (has_nul(cwd)) return refuse("cwd: must not contain a NUL character");
  auto real = resolve_directory("cwd", project / cwd);
  if (!real) return real;
  if (!is_inside(*real, project)) return refuse(fmt::format("cwd: {} is outside the project", cwd));
  return real;
}

Result<void> check_command(const PolicyRules& rules, const std::vector<std::string>& command) {
  if (command.empty() || command.front().empty()) return refuse("command: must not be empty");
  const std::string& name = command.front();
  const bool is_listed = std::ranges::find(rules.executables, name) != rules.executables.end();
  if (!is_listed || name.contains('/') || has_nul(name)) {
    return refuse(fmt::format("command: the executable is not allowed; allowed are exactly: {}",
                              fmt::join(rules.executables, " ")));
  }
  if (std::ranges::any_of(command, has_nul)) return refuse("command: must not contain a NUL character");
  return {};
}

// In the server's own search path, whatever PATH the request sets. Empty when it isn't installed.
fs::path find_executable(std::string_view search_path, const std::string& name) {
  while (!search_path.empty()) {
    const std::size_t end = std::min(search_path.find(':'), search_path.size());
    const fs::path candidate = fs::path(search_path.substr(0, end)) / name;
    search_path.remove_prefix(std::min(end + 1, search_path.size()));
    std::error_code error;
    if (candidate.is_absolute() && fs::is_regular_file(candidate, error) && ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return {};
}

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  const auto is_fitting = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, is_fitting);
}

// Variables that change how any program is loaded or how a shell starts, and our own settings.
bool is_refused_variable(std::string_view name) {
  static constexpr std::array<std::string_view, 3> kPrefixes = {"LD_", "MALLOC_", "CODEHELPER_"};
  static constexpr std::array<std::string_view, 9> kNames = {
      "BASH_ENV", "ENV", "GCONV_PATH", "GLIBC_TUNABLES", "HOSTALIASES", "IFS", "LOCPATH", "NLSPATH", "RES_OPTIONS"};
  const auto begins = [name](std::string_view prefix) { return name.starts_with(prefix); };
  return std::ranges::any_of(kPrefixes, begins) || std::ranges::find(kNames, name) != kNames.end();
}

Result<void> check_environment(const std::map<std::string, std::string>& variables) {
  for (const auto& [name, value] : variables) {
    if (!is_variable_name(name)) {
      return refuse(
          "env: a variable's name must consist of letters, digits and underscores and not begin with a digit");
    }
    if (is_refused_variable(name)) return refuse(fmt::format("env: the variable {} is not allowed", name));
    if (has_nul(value)) return refuse(fmt::format("env: the value of {} must not contain a NUL character", name));
  }
  return {};
}

Result<void> check_sizes(const CommandPlan& plan) {
  std::size_t total = 0;
  for (const std::string& argument : plan.arguments) {
    if (argument.size() + 1 > kStringLimit) return refuse("command: an argument is longer than 128 KiB");
    total += argument.size() + 1;
  }
  for (const auto& [name, value] : plan.env) {
    const std::size_t size = name.size() + value.size() + 2;
    if (size > kStringLimit) return refuse(fmt::format("env: {} is longer than 128 KiB", name));
    total += size;
  }
  if (total > kTotalLimit) return refuse("command: arguments and environment are longer than 1 MiB together");
  return {};
}

}  // namespace

Result<CommandPlan> plan_command(const PolicyRules& rules, const ExecuteRequest& request) {
  auto project = check_project(rules, request.project_path);
  if (!project) return std::unexpected(project.error());
  auto cwd = check_cwd(*project, request.cwd);
  if (!cwd) return std::unexpected(cwd.error());
  if (const auto checked = check_command(rules, request.command); !checked) return std::unexpected(checked.error());
  if (const auto checked = check_environment(request.env); !checked) return std::unexpected(checked.error());
  if (request.timeout < kTimeoutMinimum || request.timeout > kTimeoutMaximum) {
    return refuse("timeout_seconds: must be from 1 to 3600");
  }

  CommandPlan plan;
  plan.executable = find_executable(rules.search_path, request.command.front());
  plan.arguments = request.command;
  plan.project = std::move(*project);
  plan.cwd = std::move(*cwd);
  plan.env = request.env;
  plan.env.insert(rules.base_env.begin(), rules.base_env.end());
  plan.timeout = request.timeout;
  if (const auto checked = check_sizes(plan); !checked) return std::unexpected(checked.error());
  return plan;
}

}  // namespace codehelper
