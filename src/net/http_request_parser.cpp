#include "http_request_parser.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <limits>

#include "codehelper/base/text.hpp"
#include "request_target.hpp"

namespace codehelper {

namespace http = boost::beast::http;

namespace {

// As many as Apache and hyper take; a head of short fields would otherwise cost many times its size.
constexpr unsigned kFieldLimit = 100;

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_of_host(char c) {
  return is_ascii_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-._~%!$&'()*+;=").find(c) != std::string_view::npos;
}

/// A name or an address, in brackets for IPv6, and perhaps a port (RFC 3986, section 3.2, without user information).
bool is_host(std::string_view host) {
  std::size_t name_end = std::min(host.find(':'), host.size());
  std::string_view name = host.substr(0, name_end);
  if (host.starts_with('[')) {
    name_end = host.find(']');
    if (name_end == std::string_view::npos) return false;
    name = host.substr(1, name_end - 1);
    ++name_end;
  }
  const std::string_view port = host.substr(name_end);
  const bool is_port = port.empty() || (port[0] == ':' && std::ranges::all_of(port.substr(1), is_ascii_digit));
  const auto is_of_name = [&](char c) { return is_of_host(c) || (c == ':' && host[0] == '['); };
  return is_port && std::ranges::all_of(name, is_of_name);
}

/// A field that goes on in the next line, which Beast joins (RFC 9112, section 5.2, lets a server refuse it).
bool has_folded_line(std::string_view head) {
  return head.find("\n ") != std::string_view::npos || head.find("\n\t") != std::string_view::npos;
}

/// Of the beginning of a request line. What begins a TLS handshake has no line end for long.
bool could_be_text(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::ranges::none_of(line, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

}  // namespace

HttpRequestParser::HttpRequestParser(std::size_t head_limit_bytes) : head_limit_bytes_(head_limit_bytes) {
  header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(head_limit_bytes, std::numeric_limits<int>::max())));
  body_limit(boost::none);
}

HttpRequestParser::Progress HttpRequestParser::feed(std::string_view bytes) {
  if (!head_reported_) return feed_head(bytes);
  return feed_body(bytes);
}

HttpRequestParser::Progress HttpRequestParser::feed_head(std::string_view bytes) {
  std::size_t skipped = 0;
  // Empty lines before a request are forgiven (RFC 9112, section 2.2), but they count.
  while (!request_line_ended_ && bytes.substr(skipped).starts_with("\r\n")) skipped += 2;
  head_bytes_ += skipped;
  bytes.remove_prefix(skipped);

  // Beast waits for the end of the whole head when a request line is cut in its version: "GET / CR LF" would never be
  // answered. It gets the line only as a whole, and then has to know what it is.
  const bool has_line = request_line_ended_ || bytes.find('\n') != std::string_view::npos;
  std::size_t consumed = 0;
  if (!has_line && !could_be_text(bytes)) return refuse(400, "bad_request", "this is no HTTP request");
  if (has_line) {
    boost::beast::error_code error;
    consumed = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    head_bytes_ += consumed;
    if (has_folded_line(bytes.substr(0, consumed))) {
      return refuse(400, "bad_request", "a header field goes on in a second line");
    }
    const bool over_limit = head_bytes_ > head_limit_bytes_;
    if (error && error != http::error::need_more && !over_limit) return refuse(error);
    if (head_ended_ && !over_limit) return end_head(skipped + consumed);
    if (!request_line_ended_ && !over_limit) {
      return refuse(400, "bad_request", "the request line is not \"METHOD target HTTP/1.1\"");
    }
  }
  if (head_bytes_ + (bytes.size() - consumed) > head_limit_bytes_) {
    return refuse(431, "header_too_large",
                  "the request line and header fields are over " + std::to_string(head_limit_bytes_) + " bytes");
  }
  return Progress{Step::need_more, skipped + consumed};
}

HttpRequestParser::Progress HttpRequestParser::end_head(std::size_t consumed) {
  head_reported_ = true;
  if (host_count_ > 1 || (is_http_11_ && host_count_ == 0)) {
    return refuse(400, "bad_request", "an HTTP/1.1 request needs exactly one Host field");
  }
  // Beast takes equal lengths, in two fields or as a list; who sends them may mean something else by them.
  if (length_count_ > 1 || !std::ranges::all_of(length_, is_ascii_digit)) {
    return refuse(400, "bad_request", "Content-Length has more than one value");
  }
  // Beast takes "xchunked", "gzip, chunked" and chunks in HTTP/1.0, and then reads the body as the next request.
  const bool is_plain_chunked = transfer_encoding_count_ == 1 && to_lower_ascii(transfer_encoding_) == "chunked";
  if (transfer_encoding_count_ > 0 && (!is_http_11_ || !is_plain_chunked)) {
    return refuse(400, "bad_request", "the only Transfer-Encoding understood is \"chunked\", in HTTP/1.1");
  }
  if (transfer_encoding_count_ > 0 && request_.headers.find("Content-Length")) {
    return refuse(400, "bad_request", "Content-Length and Transfer-Encoding exclude each other");
  }
  auto target = parse_request_target(target_);
  if (!target) return refuse(400, "bad_request", target.error().message);
  if (target->authority) request_.headers.set("Host", *target->authority);  // RFC 9112, section 3.2.2
  if (!is_host(target->authority.value_or(host_))) return refuse(400, "bad_request", "the host is no host name");

  raw_path_ = std::move(target->raw_path);
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  return Progress{Step::head, consumed};
}

HttpRequestParser::Progress HttpRequestParser::feed_body(std::string_view bytes) {
  std::size_t consumed = 0;
  while (!is_done()) {
    const std::string_view rest = bytes.substr(consumed);
    if (rest.empty()) return Progress{Step::need_more, consumed};
    // Beast 345 aborts (BOOST_ASSERT(n >= 5), basic_parser.ipp:702) when it is given less than a whole last chunk a
    // second time (boostorg/beast#2861). No chunk header is shorter than the five bytes "0 CR LF CR LF" to the end.
    constexpr std::size_t kShortestRest = 5;
    if (awaits_last_chunk_ && rest.size() < kShortestRest) return Progress{Step::need_more, consumed};

    boost::beast::error_code error;
    const std::size_t taken = put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    consumed += taken;
    awaits_last_chunk_ = chunked() && error == http::error::need_more;
    if (error == http::error::need_more) {
      if (rest.size() - taken > head_limit_bytes_) {
        return refuse(431, "header_too_large", "a chunk header or the trailer fields are over the limit");
      }
      return Progress{Step::need_more, consumed};
    }
    if (error) return refuse(error);
  }
  return Progress{Step::complete, consumed};
}

std::optional<std::uint64_t> HttpRequestParser::declared_length() const {
  const auto length = content_length();
  if (!length) return std::nullopt;
  return *length;
}

void HttpRequestParser::limit_body(std::size_t limit_bytes) {
  body_limit(limit_bytes);
}

HttpRequestParser::Progress HttpRequestParser::refuse(int status, std::string_view error, std::string_view message) {
  fault_ = RequestFault{status, std::string(error), std::string(message)};
  return Progress{Step::fault, 0};
}

HttpRequestParser::Progress HttpRequestParser::refuse(const ErrorCodeOut& error) {
  if (error == http::error::header_limit) {
    return refuse(431, "header_too_large", "the header fields are over their limit");
  }
  if (error == http::error::body_limit) {
    return refuse(413, "too_large", "the body is over the limit of this route");
  }
  return refuse(400, "bad_request", "malformed request: " + error.message());
}

void HttpRequestParser::on_request_impl(http::verb, StringView method, StringView target, int version, ErrorCodeOut&) {
  request_line_ended_ = true;
  is_http_11_ = version == 11;
  request_.method.assign(method.data(), method.size());
  target_.assign(target.data(), target.size());
}

void HttpRequestParser::on_field_impl(Field field, StringView name, StringView value, ErrorCodeOut& error) {
  if (head_ended_) chunk_overhead_bytes_ += name.size() + value.size();
  if (++field_count_ > kFieldLimit || chunk_overhead_bytes_ > head_limit_bytes_) {
    error = http::error::header_limit;
    return;
  }
  if (head_ended_) return;  // trailers are read over: nothing in them may change what was decided from the head
  if (field == http::field::host) {
    ++host_count_;
    host_.assign(value.data(), value.size());
  }
  if (field == http::field::content_length) {
    ++length_count_;
    length_.assign(value.data(), value.size());
  }
  if (field == http::field::transfer_encoding) {
    ++transfer_encoding_count_;
    transfer_encoding_.assign(value.data(), value.size());
  }
  request_.headers.add(std::string(name), std::string(value));
}

void HttpRequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCodeOut&) {
  // A declared length is within the route's limit here, but its bytes have not come yet: reserve a little of it only.
  constexpr std::uint64_t kReserveLimit = std::uint64_t{64} * 1024;
  if (length) request_.body.reserve(static_cast<std::size_t>(std::min(*length, kReserveLimit)));
}

std::size_t HttpRequestParser::on_body_impl(StringView body, ErrorCodeOut&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

void HttpRequestParser::on_chunk_header_impl(std::uint64_t, StringView extensions, ErrorCodeOut& error) {
  chunk_overhead_bytes_ += extensions.size();
  if (chunk_overhead_bytes_ > head_limit_bytes_) error = http::error::header_limit;
}

std::size_t HttpRequestParser::on_chunk_body_impl(std::uint64_t, StringView body, ErrorCodeOut&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

}  // namespace codehelper
