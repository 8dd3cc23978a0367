// What model servers say when they refuse, as our errors with the way out; and what can be learnt from a refusal. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "codehelper/agents/language_model.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

struct ModelFailure {
  Error error;
  bool is_passing = false;                           // the same call may work a little later
  std::optional<std::chrono::milliseconds> pause{};  // that the server asks for
  int status = 0;                                    // of an answer that refused; 0 = there was none
  std::string said = {};                             // by the server
};

/// Error bodies of all servers: {"error":"text"}, {"error":{"message"}}, {"message"}, {"detail"}, else the body's
/// beginning. Valid UTF-8.
std::string read_server_words(std::string_view body);

/// `answer` has a status that is not 2xx.
ModelFailure explain_refusal(const HttpAnswer& answer, std::string_view model);

/// Of an error that comes inside an answer that began well; `value` is that of "error", or the whole object.
Error explain_late_error(std::string_view said);

/// From retry-after-ms, or Retry-After in seconds or as a date (RFC 9110, section 10.2.3); a day at most.
std::optional<std::chrono::milliseconds> read_pause(const HttpHeaders& headers,
                                                    std::chrono::system_clock::time_point now);

/// What a server takes, as far as it has shown.
struct ServerHabits {
  ToolSupport tools = ToolSupport::native;
  bool takes_schema = true;
  bool takes_usage_option = true;        // stream_options
  bool wants_completion_tokens = false;  // max_completion_tokens in place of max_tokens

  bool operator==(const ServerHabits&) const = default;
};

/// What to do otherwise after a refusal of `request`; the same habits when there is nothing.
ServerHabits learn_from_refusal(ServerHabits habits, const ModelFailure& failure, const ModelRequest& request);

}  // namespace codehelper
