// Requests out of bytes, without I/O: Beast's parser, and the checks that Beast 345 (Boost 1.81) leaves to its user:
// Host, Transfer-Encoding, the size of the whole head, of chunk extensions and of trailers.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codehelper/net/http.hpp"

namespace codehelper {

/// Why a request is refused. After it the connection can't be used any more: nobody knows where the next one begins.
struct RequestFault {
  int status = 400;
  std::string error;
  std::string message;
};

class HttpRequestParser : private boost::beast::http::basic_parser<true> {
 public:
  /// `head_limit_bytes` holds for request line and fields together, and again for chunk extensions and trailers.
  explicit HttpRequestParser(std::size_t head_limit_bytes);

  enum class Step { need_more, head, complete, fault };
  struct Progress {
    Step step = Step::need_more;
    std::size_t consumed = 0;  // bytes to remove from the front of what was fed
  };
  /// Feed what is not yet consumed, longer each time. Stops after the head, so that it can be judged before the body;
  /// `head` is reported once, also for a request without a body (then feed again).
  Progress feed(std::string_view bytes);

  /// From `head` on. Path and query are decoded; parameters are left to the router.
  HttpRequest& request() { return request_; }
  const std::string& raw_path() const { return raw_path_; }
  bool is_http_11() const { return is_http_11_; }
  bool wants_keep_alive() const { return keep_alive(); }
  /// What follows the head: nothing, a declared length, or chunks of unknown length.
  bool has_body() const { return chunked() || declared_length().value_or(0) > 0; }
  std::optional<std::uint64_t> declared_length() const;
  /// For bodies in chunks; a declared length is the caller's to check. Call it before the body is fed.
  void limit_body(std::size_t limit_bytes);

  /// After `fault`.
  const RequestFault& fault() const { return fault_; }

 private:
  using ErrorCodeOut = boost::beast::error_code;
  using Field = boost::beast::http::field;
  using StringView = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, StringView method, StringView target, int version,
                       ErrorCodeOut&) override;
  void on_response_impl(int, StringView, int, ErrorCodeOut&) override {}
  void on_field_impl(Field, StringView name, StringView value, ErrorCodeOut& error) override;
  void on_header_impl(ErrorCodeOut&) override { head_ended_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCodeOut&) override;
  std::size_t on_body_impl(StringView body, ErrorCodeOut&) override;
  void on_chunk_header_impl(std::uint64_t size, StringView extensions, ErrorCodeOut& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, StringView body, ErrorCodeOut&) override;
  void on_finish_impl(ErrorCodeOut&) override {}

  Progress feed_head(std::string_view bytes);
  Progress feed_body(std::string_view bytes);
  Progress end_head(std::size_t consumed);
  Progress refuse(int status, std::string_view error, std::string_view message);
  Progress refuse(const ErrorCodeOut& error);

  std::size_t head_limit_bytes_;
  std::size_t head_bytes_ = 0;
  std::size_t chunk_overhead_bytes_ = 0;
  unsigned host_count_ = 0;
  unsigned transfer_encoding_count_ = 0;
  unsigned length_count_ = 0;
  unsigned field_count_ = 0;
  bool request_line_ended_ = false;
  bool head_ended_ = false;
  bool head_reported_ = false;
  bool awaits_last_chunk_ = false;
  bool is_http_11_ = false;
  std::string target_;
  std::string raw_path_;
  std::string transfer_encoding_;
  std::string host_;
  std::string length_;
  HttpRequest request_;
  RequestFault fault_;
};

}  // namespace codehelper
