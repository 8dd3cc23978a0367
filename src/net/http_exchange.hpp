// One request and its answer as the log, the metrics and the framing see them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "codehelper/base/metrics.hpp"
#include "codehelper/base/request_context.hpp"
#include "codehelper/net/router.hpp"

namespace codehelper {

struct HttpExchange {
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  RequestContext context;
  std::string method;    // empty when no request line could be read
  std::string raw_path;  // without the query
  const Route* route = nullptr;
  std::uint64_t request_bytes = 0;   // of the body
  std::uint64_t response_bytes = 0;  // of the body
  bool is_http_11 = true;
  bool keeps_connection = false;
  bool expects_continue = false;

  bool is_head() const { return method == "HEAD"; }
};

/// The id that the caller gave, when it is a valid one, or a new one.
std::string choose_request_id(const HttpHeaders& headers, RequestIds& ids);

/// True when `headers` carry "Authorization: Bearer `token`"; compared in constant time.
bool shows_token(const HttpHeaders& headers, std::string_view token);

/// Whether a browser's page of another origin, or one that was led here under another name, may not ask: the Origin
/// field names another host than Host does, or Host is none of `host_names` (when there are any). Empty = fine, else
/// why.
std::string find_foreign_origin(const HttpHeaders& headers, const std::vector<std::string>& host_names);

/// When the answer must be there: the route's budget from now, or what the caller says it still waits, if that is less.
Deadline choose_deadline(const HttpRequest& request, const Route& route);

/// Whether it asks how the process is: by who must be answered whatever happens, and often.
bool is_probe(const HttpExchange& exchange);

/// The one log line `http_request` and the metrics of a request that is over. `status` 499: the caller left before.
void record_exchange(const HttpExchange& exchange, int status, Metrics& metrics);

}  // namespace codehelper
