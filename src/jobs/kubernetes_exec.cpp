#include "kubernetes_exec.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <boost/json/serialize.hpp>

#include <array>
#include <charconv>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/execute/child_process.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kKeptBytes = std::size_t{256} * 1024;
constexpr std::size_t kQuotedBytes = 200;

// Digits at a fixed place, or nothing.
std::optional<int> number_at(std::string_view text, std::size_t begin, std::size_t size) {
  int value = 0;
  const std::string_view digits = text.substr(std::min(begin, text.size()), size);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.size() != size || error != std::errc{} || end != digits.data() + size || value < 0) return std::nullopt;
  return value;
}

// "Z", "+01:00", "-08:30".
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const auto hours = number_at(text, 1, 2);
  const auto minutes = number_at(text, 4, 2);
  const bool is_shaped = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
  if (!is_shaped || !hours || !minutes) return std::nullopt;
  const std::chrono::minutes offset(60 * *hours + *minutes);
  return text[0] == '-' ? -offset : offset;
}

std::filesystem::path find_executable(const ExecPlugin& plugin, const std::map<std::string, std::string>& env) {
  const auto is_executable = [](const std::filesystem::path& file) { return ::access(file.c_str(), X_OK) == 0; };
  if (plugin.command.starts_with('/') && is_executable(plugin.command)) return plugin.command;
  if (plugin.command.starts_with('/')) return {};
  const auto path = env.find("PATH");
  for (const auto& folder : split_kubeconfig_paths(path == env.end() ? std::string() : path->second)) {
    if (folder.is_absolute() && is_executable(folder / plugin.command)) return folder / plugin.command;
  }
  return {};
}

std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  text.remove_prefix(text.rfind('\n') + 1);  // npos + 1 is 0
  return std::string(text.substr(0, kQuotedBytes));
}

CommandPlan make_plan(const ExecPlugin& plugin, ExecSurroundings surroundings) {
  CommandPlan plan;
  plan.env = std::move(surroundings.env);
  for (const auto& [name, value] : plugin.env) plan.env[name] = value;
  const json::object info{
      {"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", json::object{{"interactive", false}}}};
  plan.env["KUBERNETES_EXEC_INFO"] = json::serialize(info);
  plan.executable = find_executable(plugin, plan.env);
  plan.arguments = plugin.arguments;
  plan.arguments.insert(plan.arguments.begin(), plugin.command);
  plan.project = plan.cwd = "/";
  plan.timeout = surroundings.limit;
  return plan;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_timestamp(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size()) return std::nullopt;
  std::array<std::optional<int>, 6> parts;
  constexpr std::size_t kBegins[] = {0, 5, 8, 11, 14, 17};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = number_at(text, kBegins[i], i == 0 ? 4 : 2);
    if (!parts[i]) return std::nullopt;
  }
  for (const std::size_t at : {4UL, 7UL, 10UL, 13UL, 16UL}) {
    const bool is_small_t = at == 10 && text[at] == 't';
    if (text[at] != kShape[at] && !is_small_t) return std::nullopt;
  }
  std::string_view rest = text.substr(kShape.size());
  if (rest.starts_with('.')) rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  const auto offset = parse_offset(rest);
  const std::chrono::year_month_day date(std::chrono::year(*parts[0]),
                                         std::chrono::month(static_cast<unsigned>(*parts[1])),
                                         std::chrono::day(static_cast<unsigned>(*parts[2])));
  if (!offset || !date.ok() || *parts[3] > 23 || *parts[4] > 59 || *parts[5] > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*parts[3]) + std::chrono::minutes(*parts[4]) +
         std::chrono::seconds(*parts[5]) - *offset;
}

Result<ExecCredential> parse_exec_credential(std::string_view text, std::string_view api_version) {
  const auto root = parse_json_object(text);
  if (!root) return fail(ErrorCode::malformed, "it printed no ExecCredential");
  const auto kind = optional_string(*root, "kind");
  const auto version = optional_string(*root, "apiVersion");
  if (!kind || !version || *kind != "ExecCredential") return fail(ErrorCode::malformed, "it printed no ExecCredential");
  if (*version != api_version) {
    return fail(ErrorCode::malformed, fmt::format("it printed another apiVersion than {}", api_version));
  }
  const json::value* status = root->if_contains("status");
  if (status == nullptr || !status->is_object()) return fail(ErrorCode::malformed, "it printed no status");
  ExecCredential credential;
  for (const auto& [field, target] : {std::pair{"token", &credential.token},
                                      {"clientCertificateData", &credential.certificate_pem},
                                      {"clientKeyData", &credential.key_pem}}) {
    auto value = optional_string(status->as_object(), field);
    if (!value) return fail(ErrorCode::malformed, fmt::format("status.{} is no text", field));
    *target = value->value_or("");
  }
  if (credential.certificate_pem.empty() != credential.key_pem.empty()) {
    return fail(ErrorCode::malformed, "status has a certificate without its key, or a key without its certificate");
  }
  if (credential.token.empty() && credential.certificate_pem.empty()) {
    return fail(ErrorCode::malformed, "status has neither a token nor a certificate");
  }
  const auto expires = optional_string(status->as_object(), "expirationTimestamp");
  if (!expires) return fail(ErrorCode::malformed, "status.expirationTimestamp is no text");
  if (!*expires) return credential;
  credential.expires = parse_timestamp(**expires);
  if (!credential.expires) return fail(ErrorCode::malformed, "status.expirationTimestamp is no time");
  return credential;
}

Task<Result<ExecCredential>> run_exec_plugin(EventLoop& loop, ExecPlugin plugin, ExecSurroundings surroundings) {
  const std::string what = fmt::format("the credential plugin {}", plugin.command);
  const std::filesystem::path supervisor = surroundings.supervisor;
  CommandPlan plan = make_plan(plugin, std::move(surroundings));
  if (plan.executable.empty()) {
    co_return fail(ErrorCode::unavailable, fmt::format("{} is not there or can't be executed{}{}", what,
                                                       plugin.install_hint.empty() ? "" : ": ", plugin.install_hint));
  }
  ChildOptions options;
  options.keep_bytes = kKeptBytes;
  auto ended = co_await run_child(loop, supervisor, std::move(plan), std::move(options));
  if (!ended && ended.error().code == ErrorCode::cancelled) co_return std::unexpected(std::move(ended.error()));
  if (!ended) co_return fail(ErrorCode::unavailable, fmt::format("{} can't be run: {}", what, ended.error().message));
  if (ended->timed_out) co_return fail(ErrorCode::unavailable, what + " did not end within its limit");
  if (ended->exit_code != 0) {
    co_return fail(ErrorCode::unavailable, fmt::format("{} failed with status {}: {}", what, ended->exit_code,
                                                       last_line(ended->standard_error)));
  }
  auto credential = parse_exec_credential(ended->standard_output, plugin.api_version);
  if (!credential) co_return fail(ErrorCode::unavailable, fmt::format("{}: {}", what, credential.error().message));
  co_return std::move(*credential);
}

}  // namespace codehelper
