#include "codehelper/base/config.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

constexpr bool is_any_of(Mode mode, auto... modes) {
  return ((mode == modes) || ...);
}

struct Given {
  std::string source;
  std::string value;
};

std::optional<Given> look_up(const StringMap& from, std::string_view name) {
  const auto found = from.find(name);
  if (found == from.end() || found->second.empty()) return std::nullopt;
  return Given{std::string(name), found->second};
}

std::optional<Given> look_up(const Setting& setting, const StringMap& flags, const StringMap& environment) {
  if (auto given = look_up(flags, setting.flag)) return Given{"--" + given->source, given->value};
  if (auto given = look_up(environment, setting.name)) return given;
  return setting.alias.empty() ? std::nullopt : look_up(environment, setting.alias);
}

Config make_defaults(Mode mode, const StringMap& environment) {
  Config config;
  config.listen.port = mode == Mode::serve_runner ? 8080 : mode == Mode::ingest ? 0 : 8000;
  config.listen.drain = std::chrono::seconds(mode == Mode::serve_runner ? 60 : 30);
  config.runner.parallel = std::max(4U, 2 * std::thread::hardware_concurrency());
  if (const auto xdg = look_up(environment, "XDG_DATA_HOME")) {
    config.index.data_dir = std::filesystem::path(xdg->value) / "codehelper";
  } else if (const auto home = look_up(environment, "HOME")) {
    config.index.data_dir = std::filesystem::path(home->value) / ".local/share/codehelper";
  }
  if (const auto home = look_up(environment, "HOME")) {
    config.jobs.home_kubeconfig = std::filesystem::path(home->value) / ".kube/config";
  }
  return config;
}

std::vector<std::string> find_unknown_variables(const StringMap& environment) {
  std::vector<std::string_view> known;
  for (const Setting& setting : settings()) {
    if (setting.name.starts_with("CODEHELPER_")) known.push_back(setting.name);
  }
  std::vector<std::string> faults;
  for (const auto& [name, value] : environment) {
    if (name == "CODEHELPER_SANDBOX") continue;  // what a Runner tells its commands; we may be one
    if (!name.starts_with("CODEHELPER_") || value.empty() || std::ranges::find(known, name) != known.end()) continue;
    const std::string_view nearest = nearest_name(name, known);
    faults.push_back(
        fmt::format("unknown variable {}; did you mean {}?", name, nearest.empty() ? known.front() : nearest));
  }
  return faults;
}

void find_shard_faults(const IndexConfig& index, std::vector<std::string>& faults) {
  if (index.shards == 1) return;
  if (index.chroma_url.empty()) {
    faults.emplace_back(
        "INGEST_SHARDS: several ingests can't share the embedded store; set VECTOR_DB_URL, or unset it");
  }
  if (index.shard >= index.shards) {
    faults.push_back(
        fmt::format("JOB_COMPLETION_INDEX: {} is none of {} shares, which count from 0", index.shard, index.shards));
  }
}

/// A value in an error: user and password of an address are left out.
std::string shown(std::string_view value) {
  const std::size_t at = value.rfind('@');
  return at == std::string_view::npos ? mask_secrets(value).text : fmt::format("…{}", value.substr(at));
}

}  // namespace

bool is_loopback(const std::string& host) {
  in_addr ipv4{};
  in6_addr ipv6{};
  constexpr std::uint32_t kLoopbackNet = 127;
  if (::inet_pton(AF_INET, host.c_str(), &ipv4) == 1) return ntohl(ipv4.s_addr) >> 24 == kLoopbackNet;
  if (::inet_pton(AF_INET6, host.c_str(), &ipv6) == 1) return IN6_IS_ADDR_LOOPBACK(&ipv6);
  return host == "localhost";
}

bool asks_for_token(const ListenConfig& listen) {
  return !listen.token.empty() || !listen.tokens_file.empty();
}

Result<void> check_reach(const ListenConfig& listen) {
  if (is_loopback(listen.host) || asks_for_token(listen) || listen.allow_open) return {};
  return fail(
      ErrorCode::invalid_input,
      fmt::format("CODEHELPER_HOST: on {} everybody who reaches this machine may do everything, since no token is "
                  "asked for; set a token (CODEHELPER_API_TOKEN, of a Runner CODEHELPER_RUNNER_TOKEN, or "
                  "CODEHELPER_TOKENS_FILE), or say that it is meant with CODEHELPER_ALLOW_OPEN=yes",
                  listen.host));
}

StringMap load_environment() {
  StringMap variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Result<Config> parse_config(Mode mode, const StringMap& flags, const StringMap& environment) {
  Config config = make_defaults(mode, environment);
  std::vector<std::string> faults = find_unknown_variables(environment);
  for (const Setting& setting : settings()) {
    if (!setting.applies_to(mode)) continue;
    const auto given = look_up(setting, flags, environment);
    if (!given) continue;
    const std::string fault = setting.apply(config, given->value);
    if (!fault.empty()) faults.push_back(fmt::format("{}: \"{}\" {}", given->source, shown(given->value), fault));
  }
  const bool has_runner = is_any_of(mode, Mode::serve_runner, Mode::dev, Mode::mcp);
  if (has_runner && config.runner.cache_dir.empty() && !config.index.data_dir.empty()) {
    config.runner.cache_dir = config.index.data_dir / "runner-cache";
  }
  const bool is_runner_token = mode == Mode::serve_runner || (mode == Mode::dev && config.listen.token.empty());
  if (is_runner_token) config.listen.token = config.api.runner_token;
  const auto reach = check_reach(config.listen);
  if (!reach && is_any_of(mode, Mode::serve_api, Mode::serve_runner)) faults.push_back(reach.error().message);
  if (is_any_of(mode, Mode::serve_api, Mode::ingest, Mode::dev, Mode::doctor, Mode::mcp) &&
      config.index.data_dir.empty()) {
    faults.emplace_back("CODEHELPER_DATA_DIR: set it, since neither XDG_DATA_HOME nor HOME is set");
  }
  if (mode == Mode::ingest || mode == Mode::serve_api) find_shard_faults(config.index, faults);
  if (faults.empty()) return config;
  return fail(ErrorCode::invalid_input, fmt::format("{}", fmt::join(faults, "\n")));
}

}  // namespace codehelper
