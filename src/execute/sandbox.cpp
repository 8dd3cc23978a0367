#include "codehelper/execute/sandbox.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "codehelper/base/hash.hpp"
#include "confinement.hpp"
#include "sandbox_level.hpp"
#include "sandbox_paths.hpp"
#include "sandbox_probe.hpp"

namespace codehelper {

namespace fs = std::filesystem;

namespace {

// Of the memory a run may use, its temporary files may take a quarter.
constexpr std::uint64_t kTemporaryShare = 4;
constexpr std::uint64_t kTemporaryBytes = std::uint64_t{1} << 30;

std::string describe(const SandboxFailure& failure) {
  return fmt::format("{}: {}", to_string(failure.step), std::strerror(failure.error));
}

// For a system that lies elsewhere than the paths we know, so that nothing can run in a root made of those.
void give_up_too_tight(const std::string& cause, Mechanisms& mechanisms, SandboxLevel& level) {
  if (mechanisms.has(Mechanism::mount_namespace)) {
    mechanisms.remove(Mechanism::mount_namespace);
    mechanisms.remove(Mechanism::pid_namespace);
    level.missing.push_back({std::string(to_string(Mechanism::mount_namespace)), cause});
  } else if (mechanisms.has(Mechanism::landlock)) {
    mechanisms.remove(Mechanism::landlock);
    level.missing.push_back({std::string(to_string(Mechanism::landlock)), cause});
  }
}

// What is left to try after a step has failed; the level tells what was given up, and why.
void give_up_mechanism(const SandboxFailure& failure, Mechanisms& mechanisms, SandboxLevel& level) {
  const auto remove = [&](Mechanism mechanism) {
    if (!mechanisms.has(mechanism)) return;
    mechanisms.remove(mechanism);
    level.missing.push_back({std::string(to_string(mechanism)), describe(failure)});
  };
  switch (failure.step) {
    case SandboxStep::namespaces:
    case SandboxStep::identity:
      if (failure.step == SandboxStep::namespaces && !mechanisms.has(Mechanism::user_namespace)) {
        mechanisms.add(Mechanism::user_namespace);  // root without the right to make the others alone
        return;
      }
      remove(Mechanism::user_namespace);
      remove(Mechanism::mount_namespace);
      remove(Mechanism::pid_namespace);
      remove(Mechanism::network_namespace);
      return;
    case SandboxStep::network:
      return remove(Mechanism::network_namespace);
    case SandboxStep::process_list:
      return remove(Mechanism::pid_namespace);
    case SandboxStep::mounts:
      remove(Mechanism::mount_namespace);
      return remove(Mechanism::pid_namespace);
    case SandboxStep::landlock:
      return remove(Mechanism::landlock);
    case SandboxStep::seccomp:
      return remove(Mechanism::seccomp);
    case SandboxStep::none:
    case SandboxStep::limits:
    case SandboxStep::privileges:
      return;
  }
}

// Which to begin with: all that are allowed and make sense together.
Mechanisms choose_mechanisms(const SandboxRules& rules, SandboxLevel& level) {
  Mechanisms chosen = rules.allowed;
  for (const Mechanism mechanism : kMechanisms) {
    if (rules.allowed.has(mechanism)) continue;
    level.missing.push_back({std::string(to_string(mechanism)), "switched off by RUNNER_SANDBOX_WITHOUT"});
  }
  const bool is_root = ::geteuid() == 0;
  if (is_root || !chosen.has(Mechanism::user_namespace)) chosen.remove(Mechanism::user_namespace);
  if (!is_root && !chosen.has(Mechanism::user_namespace)) {
    for (const Mechanism one : {Mechanism::mount_namespace, Mechanism::pid_namespace, Mechanism::network_namespace}) {
      chosen.remove(one);
    }
  }
  // Without a /proc of its own a process namespace shows the wrong processes.
  if (!chosen.has(Mechanism::mount_namespace)) chosen.remove(Mechanism::pid_namespace);
  return chosen;
}

Error make_refusal(const SandboxLevel& level) {
  std::string causes;
  for (const auto& [mechanism, cause] : level.missing) causes += fmt::format("{} ({}), ", mechanism, cause);
  if (causes.ends_with(", ")) causes.resize(causes.size() - 2);
  return {ErrorCode::unavailable,
          fmt::format("RUNNER_SANDBOX=required, but files can't be confined here; missing: {}. Run it where user "
                      "namespaces or Landlock are allowed, or set RUNNER_SANDBOX=auto to run commands without that",
                      causes)};
}

// The project's own: caches that are shared let one project's run poison the next one's.
Result<fs::path> make_cache_directory(const fs::path& cache_dir, const CommandPlan& command, bool is_for_owner) {
  constexpr std::size_t kNameLength = 16;
  const fs::path directory = cache_dir / sha256_hex(command.project.string()).substr(0, kNameLength);
  std::error_code error;
  const bool is_new = fs::create_directories(directory / "tmp", error);
  if (error) {
    return fail(ErrorCode::internal, fmt::format("the cache directory {} can't be made: {}; set RUNNER_CACHE_DIR",
                                                 directory.string(), error.message()));
  }
  if (is_new) fs::permissions(directory, fs::perms::owner_all, error);
  if (is_for_owner && is_new) {
    for (const fs::path& path : {directory, directory / "tmp"}) {
      if (::lchown(path.c_str(), command.sandbox.user, command.sandbox.group) != 0) {
        return fail(ErrorCode::internal,
                    fmt::format("the cache directory {} can't be given to the project's owner", path.string()));
      }
    }
  }
  return fs::canonical(directory, error);
}

// Gives where files can be put for the probe. Without a usable cache directory, nothing is kept between runs.
fs::path prepare_cache(SandboxRules& rules, SandboxLevel& level) {
  std::error_code error;
  if (!rules.cache_dir.empty()) {
    fs::create_directories(rules.cache_dir, error);
    const fs::path real = error ? fs::path() : fs::canonical(rules.cache_dir, error);
    if (!error && ::access(real.c_str(), W_OK | X_OK) == 0) return rules.cache_dir = real;
    level.missing.push_back({"caches", rules.cache_dir.string() + " can't be written; set RUNNER_CACHE_DIR"});
    rules.cache_dir.clear();
  }
  const fs::path temporary = fs::temp_directory_path(error);
  return error ? fs::path("/tmp") : temporary;
}

// For one run, where all runs see the same /tmp.
Result<fs::path> make_temporary_directory(const fs::path& parent) {
  std::string pattern = (parent / "codehelper-run-XXXXXX").string();
  if (::mkdtemp(pattern.data()) != nullptr) return fs::path(pattern);
  return fail(ErrorCode::internal, fmt::format("no directory for temporary files can be made in {}: {}",
                                               parent.string(), std::strerror(errno)));
}

using Variables = std::map<std::string, std::string>;

// What the request has set stays.
void set_home(Variables& env, const Variables& requested, const fs::path& home, const fs::path& temporary) {
  static constexpr std::array kFollowHome = {"CARGO_HOME",       "GOCACHE",        "GOMODCACHE",     "GOPATH",
                                             "GRADLE_USER_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"};
  for (const char* name : kFollowHome) {
    if (!requested.contains(name)) env.erase(name);
  }
  const auto set = [&](const char* name, const std::string& value) {
    if (!requested.contains(name)) env[name] = value;
  };
  set("HOME", home.string());
  set("TMPDIR", temporary.string());
  set("MAVEN_OPTS", "-Duser.home=" + home.string());  // Java asks the user database, not HOME
}

}  // namespace

Result<Sandbox> Sandbox::open(EventLoop& loop, const fs::path& executable, SandboxRules rules) {
  Sandbox sandbox(std::move(rules));
  if (sandbox.rules_.mode == SandboxMode::off) {
    sandbox.level_.missing.push_back({"everything", "switched off by RUNNER_SANDBOX=off"});
    return sandbox;
  }
  ProbePlaces places{.executable = executable, .directory = prepare_cache(sandbox.rules_, sandbox.level_)};
  sandbox.readable_ = find_readable_paths(sandbox.rules_);
  sandbox.mechanisms_ = choose_mechanisms(sandbox.rules_, sandbox.level_);
  while (true) {
    const NetworkAccess network =
        sandbox.rules_.network == NetworkAccess::full ? NetworkAccess::loopback : sandbox.rules_.network;
    auto outcome = probe_confinement(loop, places, sandbox.make_plan({}, network));
    if (!outcome && outcome.error().code != ErrorCode::unavailable) return std::unexpected(outcome.error());
    if (outcome && !outcome->failure) {
      describe_level(*outcome, sandbox.mechanisms_, sandbox.rules_.network, sandbox.level_);
      break;
    }
    const Mechanisms tried = sandbox.mechanisms_;
    if (outcome) {
      give_up_mechanism(*outcome->failure, sandbox.mechanisms_, sandbox.level_);
    } else {
      give_up_too_tight(outcome.error().message, sandbox.mechanisms_, sandbox.level_);
    }
    if (sandbox.mechanisms_ == tried) {
      const std::string cause = outcome ? describe(*outcome->failure) : outcome.error().message;
      return fail(ErrorCode::internal, "no command can be confined: " + cause);
    }
  }
  const bool is_refused = sandbox.rules_.mode == SandboxMode::required && sandbox.level_.files == "none";
  if (is_refused) return std::unexpected(make_refusal(sandbox.level_));
  return sandbox;
}

SandboxPlan Sandbox::make_plan(const CommandPlan& command, NetworkAccess network) const {
  SandboxPlan plan;
  plan.is_on = true;
  plan.mechanisms = mechanisms_;
  if (network == NetworkAccess::full) plan.mechanisms.remove(Mechanism::network_namespace);
  plan.network = network;
  plan.limits = rules_.limits;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(command.timeout).count();
  const long processors = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  plan.limits.cpu_seconds = static_cast<std::uint32_t>(seconds * processors + 1);
  plan.temporary_bytes =
      rules_.limits.memory_bytes == 0 ? kTemporaryBytes : rules_.limits.memory_bytes / kTemporaryShare;
  plan.readable = readable_;
  return plan;
}

void hide_this_process() {
  ::prctl(PR_SET_DUMPABLE, 0);
}

Result<void> Sandbox::confine(CommandPlan& plan, const ExecuteRequest& request) const {
  const NetworkAccess asked = request.network.value_or(rules_.network);
  if (asked > rules_.network && !rules_.network_on_request) {
    return fail(ErrorCode::invalid_input, "network: RUNNER_NETWORK doesn't allow that here");
  }
  plan.sandbox.limits = rules_.limits;  // they hold without confinement too
  if (rules_.mode == SandboxMode::off) return {};

  plan.sandbox = make_plan(plan, asked);
  if (plan.copy.empty()) {
    plan.sandbox.writable.push_back(plan.project.string());
  } else if (mechanisms_.has(Mechanism::mount_namespace)) {
    plan.sandbox.moved_from = plan.copy.string();
    plan.sandbox.moved_to = plan.project.string();
  } else {
    plan.sandbox.writable.push_back(plan.copy.string());
  }
  struct stat owner{};
  const bool can_become_owner =
      ::geteuid() == 0 && mechanisms_.has(Mechanism::mount_namespace) && !mechanisms_.has(Mechanism::user_namespace);
  const bool is_for_owner = can_become_owner && ::stat(plan.project.c_str(), &owner) == 0 && owner.st_uid != 0;
  if (is_for_owner) {
    plan.sandbox.user = owner.st_uid;
    plan.sandbox.group = owner.st_gid;
  }
  fs::path home = "/tmp";
  fs::path temporary = "/tmp";
  if (!rules_.cache_dir.empty()) {
    auto cache = make_cache_directory(rules_.cache_dir, plan, is_for_owner);
    if (!cache) return std::unexpected(cache.error());
    plan.sandbox.writable.push_back(cache->string());
    home = *cache;
  }
  if (!mechanisms_.has(Mechanism::mount_namespace)) {
    std::error_code error;
    const bool has_cache = !rules_.cache_dir.empty();
    auto made = make_temporary_directory(has_cache ? home / "tmp" : fs::canonical(temporary, error));
    if (!made) return std::unexpected(made.error());
    if (!has_cache) {
      plan.sandbox.writable.push_back(made->string());
      home = *made;
    }
    plan.temporary = temporary = *made;
  }
  set_home(plan.env, request.env, home, temporary);
  for (const auto& [name, path] : find_toolchain_homes(rules_.server_env)) plan.env.emplace(name, path);
  plan.env["CODEHELPER_SANDBOX"] = level_.level;
  return {};
}

}  // namespace codehelper
