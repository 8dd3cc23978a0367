#include "client.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <filesystem>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/net/http_client.hpp"
#include "modes.hpp"

namespace codehelper {

namespace {

constexpr std::chrono::minutes kLimit{10};

std::string describe_refusal(const HttpAnswer& answer, const std::string& url) {
  const auto body = parse_json_object(answer.body);
  if (body) {
    const auto message = optional_string(*body, "message");
    const auto error = optional_string(*body, "error");
    if (message && *message) return **message;
    if (error && *error) return **error;
  }
  return fmt::format("{} answered with status {} and not as a Crew API does", url, answer.status);
}

}  // namespace

Result<boost::json::object> call_api(const Config& config, ApiCall api_call) {
  EventLoop loop(1);
  HttpClientOptions options;
  options.base_url = config.client.api_url;
  options.token = config.client.token;
  auto client = HttpClient::make(loop, std::move(options));
  if (!client) return fail_with_context("CODE_HELPER_API_URL", client.error());
  HttpCall call;
  call.method = std::move(api_call.method);
  call.target = std::move(api_call.target);
  call.limit = kLimit;
  if (call.method == "POST") call.body = boost::json::serialize(api_call.body);
  const auto answer =
      run_until_done(loop, (*client)->call(make_background_context(Log::none(), "cli"), std::move(call)));
  if (!answer && answer.error().code == ErrorCode::unavailable) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("{}; start a server with codehelper dev, or set CODE_HELPER_API_URL", answer.error().message));
  }
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 401) {
    return fail(ErrorCode::unauthorized, "the server asks for a token; set CODEHELPER_API_TOKEN to the server's");
  }
  if (answer->status != 200) return fail(ErrorCode::unavailable, describe_refusal(*answer, config.client.api_url));
  return parse_json_object(answer->body);
}

std::string absolute_project(const std::string& path) {
  std::filesystem::path absolute = std::filesystem::absolute(path).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  return absolute.string();
}

}  // namespace codehelper
