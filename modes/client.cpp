#include "client.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <optional>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/net/sse.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::minutes kLimit{10};

ErrorCode code_of(int status) {
  switch (status) {
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 413:
      return ErrorCode::too_large;
    default:
      return ErrorCode::unavailable;
  }
}

// What the API's own envelope says.
std::string message_in(const json::object& envelope) {
  std::string message = text_in(envelope, "message");
  return message.empty() ? text_in(envelope, "error") : message;
}

Error describe_refusal(const HttpAnswer& answer, const std::string& url) {
  if (answer.status == 401) {
    return {ErrorCode::unauthorized, "the server asks for a token; set CODEHELPER_API_TOKEN to one that it takes"};
  }
  const auto body = parse_json_object(answer.body);
  const std::string message = body ? message_in(*body) : std::string();
  if (!message.empty()) return {code_of(answer.status), message};
  return {ErrorCode::unavailable,
          fmt::format("{} answered with status {} and not as a Crew API does; does CODE_HELPER_API_URL name one?", url,
                      answer.status)};
}

Error describe_failure(Error error) {
  if (error.code == ErrorCode::unavailable) {
    error.message += "; start a server with codehelper dev, or set CODE_HELPER_API_URL";
  }
  return error;
}

HttpCall make_http_call(ApiCall api_call) {
  HttpCall call;
  call.method = std::move(api_call.method);
  call.target = std::move(api_call.target);
  call.limit = kLimit;
  if (call.method == "POST") call.body = json::serialize(api_call.body);
  return call;
}

RequestContext make_context() {
  return make_background_context(Log::none(), "cli");
}

// Puts events together from the pieces of an answer.
class EventReader {
 public:
  explicit EventReader(CrewClient::EventSink on_event) : on_event_(std::move(on_event)) {}

  Result<void> take(std::string_view piece) {
    const auto events = parser_.feed(piece);
    if (!events) return std::unexpected(events.error());
    for (const SseEvent& event : *events) {
      auto data = parse_json_object(event.data);
      if (!data) return std::unexpected(data.error());
      if (event.event == "done") {
        outcome_ = std::move(*data);
      } else if (event.event == "error") {
        const bool was_stopped = text_in(*data, "error") == to_string(ErrorCode::cancelled);
        outcome_ = fail(was_stopped ? ErrorCode::cancelled : ErrorCode::unavailable, message_in(*data));
      } else {
        on_event_(event.event, *data);
      }
    }
    return {};
  }
  std::optional<Result<json::object>>& outcome() { return outcome_; }

 private:
  SseParser parser_;
  CrewClient::EventSink on_event_;
  std::optional<Result<json::object>> outcome_;
};

Task<Result<void>> read_piece(EventReader& reader, std::string_view piece) {
  co_return reader.take(piece);
}

}  // namespace

CrewClient::CrewClient(std::string url, std::unique_ptr<EventLoop> loop, std::unique_ptr<HttpClient> client)
    : url_(std::move(url)), loop_(std::move(loop)), client_(std::move(client)) {}

Result<std::unique_ptr<CrewClient>> CrewClient::make(const Config& config) {
  auto loop = std::make_unique<EventLoop>(1);
  HttpClientOptions options;
  options.base_url = config.client.api_url;
  options.token = config.client.token;
  auto client = HttpClient::make(*loop, std::move(options));
  if (!client) return fail_with_context("CODE_HELPER_API_URL", client.error());
  return std::unique_ptr<CrewClient>(new CrewClient(config.client.api_url, std::move(loop), std::move(*client)));
}

Task<Result<json::object>> CrewClient::send(ApiCall api_call) {
  auto calling = client_->call(make_context(), make_http_call(std::move(api_call)));
  const auto answer = co_await std::move(calling);
  if (!answer) co_return std::unexpected(describe_failure(answer.error()));
  if (answer->status / 100 != 2) co_return std::unexpected(describe_refusal(*answer, url_));
  if (answer->body.empty()) co_return json::object();
  auto object = parse_json_object(answer->body);
  if (!object) co_return std::unexpected(foreign_answer());
  co_return std::move(*object);
}

Result<json::object> CrewClient::call(ApiCall api_call) {
  return run_until_done(*loop_, send(std::move(api_call)));
}

Task<Result<json::object>> CrewClient::follow(ApiCall api_call, EventSink on_event) {
  HttpCall call = make_http_call(std::move(api_call));
  call.headers.add("Accept", "text/event-stream");
  EventReader reader(std::move(on_event));
  HttpClient::BodySink sink = [&reader](std::string_view piece) { return read_piece(reader, piece); };
  auto streaming = client_->stream(make_context(), std::move(call), std::move(sink));
  const auto answer = co_await std::move(streaming);
  if (reader.outcome()) co_return std::move(*reader.outcome());
  if (!answer) co_return std::unexpected(describe_failure(answer.error()));
  if (answer->status / 100 != 2) co_return std::unexpected(describe_refusal(*answer, url_));
  co_return std::unexpected(foreign_answer());
}

std::string absolute_project(const std::string& path) {
  std::filesystem::path absolute = std::filesystem::absolute(path).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  return absolute.string();
}

std::string encode_query(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string encoded;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

Error foreign_answer() {
  return {ErrorCode::unavailable,
          "the server's answer is not that of a Crew API; does CODE_HELPER_API_URL name one, of this version?"};
}

}  // namespace codehelper
