// Reads one HTTP answer from bytes that come in any cutting. No I/O: the connection feeds it.
#pragma once

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codehelper/base/error.hpp"
#include "codehelper/net/http.hpp"

namespace codehelper {

/// A Beast body that only collects: nothing is reserved because a peer announced a length.
struct CollectedBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(boost::beast::http::header<IsRequest, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, boost::beast::error_code& error) { error = {}; }
    template <class ConstBufferSequence>
    std::size_t put(const ConstBufferSequence& buffers, boost::beast::error_code& error) {
      error = {};
      const auto size = boost::asio::buffer_size(buffers);
      for (const auto buffer : boost::beast::buffers_range(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
      }
      return size;
    }
    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

class AnswerReader {
 public:
  /// `method` is that of the request: an answer to HEAD has no body.
  explicit AnswerReader(std::string_view method);

  /// Takes `bytes`, also those beyond the end of the answer. Informational answers (100, 103, …) are passed over.
  /// Errors: unavailable when this is not HTTP or broken HTTP, too_large when head or framing is over 64 KiB.
  Result<void> feed(std::string_view bytes);
  /// The peer has closed its side. Errors: unavailable when that cuts the answer.
  Result<void> end();

  bool has_bytes() const { return has_bytes_; }
  bool has_head() const { return parser_->is_header_done(); }
  bool is_complete() const { return parser_->is_done(); }
  /// The body lasts until the peer closes.
  bool needs_end() const { return has_head() && !is_complete() && parser_->need_eof(); }
  /// True after a complete answer that leaves the connection fit for the next request.
  bool leaves_connection_open() const;

  // All below are valid once has_head().
  int status() const { return static_cast<int>(parser_->get().result_int()); }
  HttpHeaders headers() const;
  /// As announced; nothing when the length is not known.
  std::optional<std::uint64_t> announced_body_bytes() const;
  /// The part of the body that has come since the last call.
  std::string take_body();

 private:
  using Parser = boost::beast::http::response_parser<CollectedBody>;

  void start_parser();
  bool is_informational() const;

  bool is_head_request_;
  bool has_bytes_ = false;
  boost::beast::flat_buffer pending_;
  std::optional<Parser> parser_;
};

}  // namespace codehelper
