// HTTP/1.1 client for one base URL: pooled keep-alive connections, TLS with verification, one absolute deadline a call,
// whole or streamed answers. Forwards the request id and what is left of the deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "codehelper/base/metrics.hpp"
#include "codehelper/net/event_loop.hpp"
#include "codehelper/net/http.hpp"

namespace codehelper {

/// Milliseconds that the caller still waits. Sent by HttpClient; HttpServer shortens its deadline by it.
inline constexpr std::string_view kTimeoutHeader = "X-Timeout-Ms";

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // without brackets
  std::string port;    // given, or the scheme's own
  std::string path;    // without a trailing slash; "" for the root

  /// Value of the Host header: brackets around IPv6, the port only when it is not the scheme's own.
  std::string host_header() const;
};
/// Errors: invalid_input that quotes the text, with any user and password left out.
Result<Url> parse_url(std::string_view text);

struct HttpCall {
  std::string method = "GET";
  std::string target = "/";  // appended to the base URL's path; percent-encoded, with its query
  HttpHeaders headers = {};  // Host, Connection, Content-Length and Transfer-Encoding are set by the client
  std::string body = {};     // sent with Content-Length when not empty or the method is POST, PUT or PATCH
  std::chrono::milliseconds limit{30'000};  // for all tries together; the context's deadline may be nearer
  std::size_t answer_limit_bytes = std::size_t{64} * 1024 * 1024;
  bool safe_to_repeat = false;  // GET always is; otherwise repeated only while not a byte was sent
};

struct HttpAnswer {
  int status = 0;
  HttpHeaders headers;
  std::string body;  // empty when it was streamed
};

/// For https. Texts are PEM, those of certificates may hold several.
struct TlsOptions {
  std::string ca_file = {};          // whom to trust; both empty = the system's authorities
  std::string ca_pem = {};           // instead of a file
  std::string certificate_pem = {};  // shown when the server asks who we are; empty = none
  std::string key_pem = {};          // of the certificate
  std::string server_name = {};      // asked for and demanded in place of the URL's host when not empty
  enum class Peer { verified, anybody } peer = Peer::verified;  // anybody: not even the name is looked at

  bool operator==(const TlsOptions&) const = default;
};

struct HttpClientOptions {
  std::string base_url = {};
  std::string token = {};  // sent as bearer token when not empty and the call has no Authorization of its own
  TlsOptions tls = {};
  std::size_t max_idle_connections = 8;
  std::chrono::milliseconds connect_limit{5'000};
  Metrics* metrics = nullptr;  // counts the calls when not null; outlives the client
  std::string role = {};       // what the peer is to us, "runner": the metrics' label
};

class HttpClient {
 public:
  /// Errors: invalid_input for a bad URL, CA, certificate or key; the message never holds the key. `loop` outlives the
  /// client.
  static Result<std::unique_ptr<HttpClient>> make(EventLoop& loop, HttpClientOptions options);
  ~HttpClient();

  /// Any status is an answer, redirects are not followed. Errors: invalid_input for a call that can't be sent as it is
  /// (a line end in a header, a target that is not percent-encoded, a header that the client sets), unavailable
  /// (refused, unknown host, TLS, broken off; the message says which and names the host), bad_answer (not HTTP),
  /// timeout, cancelled, too_large. At most 3 tries with backoff, see HttpCall.
  Task<Result<HttpAnswer>> call(RequestContext context, HttpCall call);

  /// Called for each piece of the body as it comes; an error ends the call with that error and closes the connection.
  using BodySink = std::function<Task<Result<void>>(std::string_view piece)>;
  /// As call(), with the body given to `sink` when the status is 2xx; other answers come whole.
  Task<Result<HttpAnswer>> stream(RequestContext context, HttpCall call, BodySink sink);

 private:
  struct State;
  explicit HttpClient(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace codehelper
