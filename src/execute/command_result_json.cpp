#include "codehelper/execute/command_result_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/execute/receipt.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr double kTimeoutMinimum = 1;
constexpr double kTimeoutMaximum = 3600;

// A finite number, or nothing for an absent field and for null.
Result<std::optional<double>> optional_number(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  if (value == nullptr || value->is_null()) return std::nullopt;
  json::error_code error;
  const auto number = value->to_number<double>(error);
  if (error || !std::isfinite(number)) {
    return fail(ErrorCode::invalid_field, "field \"" + std::string(field) + "\" must be a number");
  }
  return number;
}

json::value seconds_to_json(std::chrono::milliseconds time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  if (whole == time) return whole.count();
  return std::chrono::duration<double>(time).count();
}

bool is_signal(const CommandResult& result) {
  return result.exit_code < 0 && !result.timed_out;
}

// What was run and what came of it, in a form that can be kept and compared.
json::object make_receipt_object(const CommandResult& result) {
  const Receipt receipt = make_receipt(result);
  json::object object = to_json(receipt);
  object["cwd"] = result.cwd;
  if (receipt.tests.known) object["tests"].as_object()["ran_nothing"] = receipt.tests.ran_nothing();
  return object;
}

void add_copy(json::object& object, const PatchedCopy& copy) {
  object["patch"] = copy.patch;
  object["patched_files"] = json::array(copy.files.begin(), copy.files.end());
  object["copy"] = {{"at_project_path", copy.is_at_project_path},
                    {"files", copy.copied_files},
                    {"bytes", copy.copied_bytes},
                    {"seconds", copy.seconds}};
}

Result<std::uint64_t> byte_count(const json::object& object, std::string_view field, std::size_t otherwise) {
  auto count = optional_integer(object, field, 0, std::numeric_limits<std::int64_t>::max());
  if (!count) return std::unexpected(count.error());
  return *count ? static_cast<std::uint64_t>(**count) : otherwise;
}

std::optional<PatchedCopy> parse_copy(const json::object& object) {
  const json::value* figures = object.if_contains("copy");
  if (figures == nullptr || !figures->is_object()) return std::nullopt;
  const json::object& from = figures->get_object();
  PatchedCopy copy;
  copy.patch = text_in(object, "patch");
  copy.files = optional_strings(object, "patched_files").value_or(std::nullopt).value_or(std::vector<std::string>());
  copy.is_at_project_path = optional_bool(from, "at_project_path").value_or(std::nullopt).value_or(false);
  copy.copied_files = count_in(from, "files");
  copy.copied_bytes = count_in(from, "bytes");
  copy.seconds = optional_number(from, "seconds").value_or(0.0).value_or(0.0);
  return copy;
}

// Figures and receipt of a Runner that tells them; what is missing or of another form is left empty.
CommandResult parse_optional_parts(const json::object& object) {
  CommandResult result;
  const auto text = [](const json::object& from, std::string_view field) {
    const json::string* found = from.contains(field) ? from.at(field).if_string() : nullptr;
    return found == nullptr ? std::string() : std::string(*found);
  };
  result.run_id = text(object, "run_id");
  result.limit = parse_run_limit(text(object, "limit_hit"));
  result.cpu_seconds = optional_number(object, "cpu_seconds").value_or(0.0).value_or(0.0);
  result.queue_seconds = optional_number(object, "queue_seconds").value_or(0.0).value_or(0.0);
  result.max_rss_bytes = byte_count(object, "max_rss_bytes", 0).value_or(0);
  if (const json::value* sandbox = object.if_contains("sandbox"); sandbox != nullptr && sandbox->is_object()) {
    for (const auto& [axis, value] : sandbox->get_object()) {
      if (value.is_string()) result.sandbox.emplace(axis, value.get_string());
    }
  }
  result.copy = parse_copy(object);
  const json::value* receipt = object.if_contains("receipt");
  if (receipt == nullptr || !receipt->is_object()) return result;
  result.cwd = text(receipt->get_object(), "cwd");
  result.output_sha256 = text(receipt->get_object(), "stdout_sha256");
  result.error_sha256 = text(receipt->get_object(), "stderr_sha256");
  result.arguments =
      optional_strings(receipt->get_object(), "argv").value_or(std::nullopt).value_or(std::vector<std::string>());
  return result;
}

}  // namespace

json::object to_json(const ExecuteRequest& request) {
  json::object object;
  object["project_path"] = request.project_path;
  object["command"] = json::array(request.command.begin(), request.command.end());
  if (!request.cwd.empty()) object["cwd"] = request.cwd;
  if (!request.env.empty()) {
    json::object variables;
    for (const auto& [name, value] : request.env) variables[name] = value;
    object["env"] = std::move(variables);
  }
  object["timeout_seconds"] = seconds_to_json(request.timeout);
  if (request.network) object["network"] = to_string(*request.network);
  if (request.patch) object["patch"] = *request.patch;
  return object;
}

Result<ExecuteRequest> parse_execute_request(const json::object& object) {
  auto project_path = required_string(object, "project_path");
  if (!project_path) return std::unexpected(project_path.error());
  auto command = optional_strings(object, "command");
  if (!command) return std::unexpected(command.error());
  if (!*command) return fail(ErrorCode::invalid_field, "field \"command\" is missing");
  auto cwd = optional_string(object, "cwd");
  if (!cwd) return std::unexpected(cwd.error());
  auto env = optional_string_map(object, "env");
  if (!env) return std::unexpected(env.error());
  auto timeout = optional_number(object, "timeout_seconds");
  if (!timeout) return std::unexpected(timeout.error());
  auto network = optional_string(object, "network");
  if (!network) return std::unexpected(network.error());

  auto patch = optional_string(object, "patch");
  if (!patch) return std::unexpected(patch.error());

  ExecuteRequest request;
  request.patch = std::move(*patch);
  request.project_path = std::move(*project_path);
  request.command = std::move(**command);
  request.cwd = std::move(*cwd).value_or("");
  request.env = std::move(*env);
  if (*network) {
    request.network = parse_network_access(**network);
    if (!request.network) return fail(ErrorCode::invalid_field, "field \"network\" must be none, loopback or full");
  }
  if (*timeout) {
    if (**timeout < kTimeoutMinimum || **timeout > kTimeoutMaximum) {
      return fail(ErrorCode::invalid_field, "field \"timeout_seconds\" must be from 1 to 3600");
    }
    request.timeout = std::chrono::floor<std::chrono::milliseconds>(std::chrono::duration<double>(**timeout));
  }
  return request;
}

json::object to_json(const CommandResult& result) {
  json::object sandbox;
  for (const auto& [axis, value] : result.sandbox) sandbox[axis] = value;
  json::object object{
      {"exit_code", result.exit_code},
      {"stdout", result.standard_output},
      {"stderr", result.standard_error},
      {"duration_seconds", result.duration_seconds},
      {"timed_out", result.timed_out},
      {"stdout_truncated", result.output_truncated},
      {"stderr_truncated", result.error_truncated},
      {"stdout_bytes", result.output_bytes},
      {"stderr_bytes", result.error_bytes},
      {"signal", is_signal(result) ? json::value(-result.exit_code) : json::value(nullptr)},
      {"limit_hit", result.limit == RunLimit::none ? json::value(nullptr) : json::value(to_string(result.limit))},
      {"oom_killed", result.limit == RunLimit::memory},
      {"max_rss_bytes", result.max_rss_bytes},
      {"cpu_seconds", result.cpu_seconds},
      {"queue_seconds", result.queue_seconds},
      {"run_id", result.run_id},
      {"sandbox", std::move(sandbox)},
      {"receipt", make_receipt_object(result)},
  };
  if (result.copy) add_copy(object, *result.copy);
  return object;
}

Result<CommandResult> parse_command_result(const json::object& object) {
  auto exit_code =
      optional_integer(object, "exit_code", std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
  if (!exit_code) return std::unexpected(exit_code.error());
  if (!*exit_code) return fail(ErrorCode::invalid_field, "field \"exit_code\" is missing");
  auto output = required_string(object, "stdout");
  if (!output) return std::unexpected(output.error());
  auto error = required_string(object, "stderr");
  if (!error) return std::unexpected(error.error());
  auto duration = optional_number(object, "duration_seconds");
  if (!duration) return std::unexpected(duration.error());
  if (!*duration) return fail(ErrorCode::invalid_field, "field \"duration_seconds\" is missing");
  auto timed_out = optional_bool(object, "timed_out");
  if (!timed_out) return std::unexpected(timed_out.error());
  auto output_truncated = optional_bool(object, "stdout_truncated");
  if (!output_truncated) return std::unexpected(output_truncated.error());
  auto error_truncated = optional_bool(object, "stderr_truncated");
  if (!error_truncated) return std::unexpected(error_truncated.error());
  auto output_bytes = byte_count(object, "stdout_bytes", output->size());
  if (!output_bytes) return std::unexpected(output_bytes.error());
  auto error_bytes = byte_count(object, "stderr_bytes", error->size());
  if (!error_bytes) return std::unexpected(error_bytes.error());

  CommandResult result = parse_optional_parts(object);
  result.exit_code = static_cast<int>(**exit_code);
  // A Runner that does not say it outright says it by these two.
  result.timed_out = timed_out->value_or(**exit_code == -1 && error->ends_with(" (timeout)"));
  result.standard_output = std::move(*output);
  result.standard_error = std::move(*error);
  result.output_truncated = output_truncated->value_or(false);
  result.error_truncated = error_truncated->value_or(false);
  result.output_bytes = *output_bytes;
  result.error_bytes = *error_bytes;
  result.duration_seconds = **duration;
  return result;
}

}  // namespace codehelper
