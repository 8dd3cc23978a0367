// HTTP messages as plain values, free of Beast: what handlers take and give.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/base/request_context.hpp"
#include "codehelper/net/task.hpp"

namespace codehelper {

/// Header fields in order; names compare without case.
class HttpHeaders {
 public:
  void add(std::string name, std::string value);
  /// Replaces every field of that name.
  void set(std::string name, std::string value);
  /// The first value, or nothing.
  std::optional<std::string_view> find(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpRequest {
  std::string method;                             // "GET", "POST", …; upper case
  std::string path;                               // percent-decoded, without the query
  std::map<std::string, std::string> query;       // decoded; the last one of a name wins
  std::map<std::string, std::string> parameters;  // from the route template: "/v1/models/{id}" gives "id"
  HttpHeaders headers;
  std::string body;

  /// True when the Accept header names `media_type` itself.
  bool accepts(std::string_view media_type) const;
};

/// The open body of a streamed answer. Every write is flushed.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Errors: cancelled when the caller has left, timeout when it has stopped reading.
  virtual Task<Result<void>> write(std::string bytes) = 0;
};

struct HttpReply;
using ErrorReply = std::function<HttpReply(const Error&, std::string_view request_id)>;

/// Either a whole body, or, when `stream` is set, one that is written while it is made. `stream` is called once; the
/// head goes with its first write. When it returns an error or throws before that, `refuse` makes the answer;
/// afterwards the connection is dropped so that the caller sees the break.
struct HttpReply {
  int status = 200;
  HttpHeaders headers;
  std::string body;
  std::function<Task<Result<void>>(RequestContext, BodyWriter&)> stream;
  ErrorReply refuse;  // null = the error envelope by http_status()
};

/// An error that a handler returns becomes the error envelope by http_status().
using HttpHandler = std::function<Task<Result<HttpReply>>(RequestContext, HttpRequest)>;

/// 400, 401, 403, 404, 409, 413, 422, 499 (cancelled; seen by nobody), 500, 502 (unavailable), 503 (overloaded), 504.
int http_status(ErrorCode code);

/// `{"error":code,"message":text,"request_id":…}`. For `internal` the message is replaced by a fixed sentence.
HttpReply make_error_reply(int status, std::string_view error, std::string_view message, std::string_view request_id);
HttpReply make_error_reply(const Error& error, std::string_view request_id);

/// `json` is the body; Content-Type application/json.
HttpReply make_json_reply(std::string json, int status = 200);

}  // namespace codehelper
