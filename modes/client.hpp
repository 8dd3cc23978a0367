// What the command-line clients share: calls of the Crew API, whole and as events.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "codehelper/base/config.hpp"
#include "codehelper/base/error.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

struct ApiCall {
  std::string method;
  std::string target;
  boost::json::object body = {};  // sent for POST
};

class CrewClient {
 public:
  /// Errors: invalid_input for a bad URL.
  static Result<std::unique_ptr<CrewClient>> make(const Config& config);

  EventLoop& loop() { return *loop_; }

  /// The answer's object; empty for an empty answer. Errors: what the API's own envelope says (conflict and not_found
  /// by their status), or why it can't be reached; the message says what to do.
  Task<Result<boost::json::object>> send(ApiCall call);
  /// As send(); runs the loop meanwhile.
  Result<boost::json::object> call(ApiCall call);

  using EventSink = std::function<void(std::string_view event, const boost::json::object& data)>;
  /// Gives each event but the last to `on_event` as it comes, and returns the last one, "done". Errors: as of send(),
  /// and that of an event "error": cancelled when the answer was stopped.
  Task<Result<boost::json::object>> follow(ApiCall call, EventSink on_event);

 private:
  CrewClient(std::string url, std::unique_ptr<EventLoop> loop, std::unique_ptr<HttpClient> client);

  std::string url_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<HttpClient> client_;
};

/// `path` made absolute; what the server is asked about when it runs on this machine.
std::string absolute_project(const std::string& path);

/// `text` as a value in a URL's query.
std::string encode_query(std::string_view text);

/// The error for an answer that lacks what every Crew API gives.
Error foreign_answer();

}  // namespace codehelper
