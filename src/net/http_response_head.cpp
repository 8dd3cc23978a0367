#include "http_response_head.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/beast/http/status.hpp>

#include <algorithm>

namespace codehelper {

namespace {

std::string_view reason_phrase(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  const auto reason = boost::beast::http::obsolete_reason(known);
  return {reason.data(), reason.size()};
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

void append_clean_field(std::string& head, std::string_view name, std::string_view value) {
  const std::size_t start = head.size();
  head.append(name).append(": ").append(value);
  std::replace_if(
      head.begin() + static_cast<std::ptrdiff_t>(start), head.end(),
      [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  head.append("\r\n");
}

/// No body, and so no Content-Length, with these (RFC 9110, section 8.6).
bool never_has_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

std::string_view HttpDate::at(std::time_t now) {
  if (now != second_) {
    second_ = now;
    text_ = fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(now));
  }
  return text_;
}

std::string format_response_head(const HttpReply& reply, const ResponseFrame& frame) {
  std::string head;
  head.reserve(320);
  head.append("HTTP/1.1 ").append(std::to_string(reply.status)).append(1, ' ');
  head.append(reason_phrase(reply.status)).append("\r\n");
  append_field(head, "Date", frame.date);
  append_field(head, "Server", "codehelper");
  append_field(head, "X-Request-Id", frame.request_id);
  append_field(head, "X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : reply.headers) append_clean_field(head, name, value);
  if (frame.framing == BodyFraming::chunked) {
    append_field(head, "Transfer-Encoding", "chunked");
  } else if (frame.framing == BodyFraming::length && !never_has_body(reply.status)) {
    append_field(head, "Content-Length", std::to_string(frame.body_bytes));
  }
  if (!frame.keeps_connection) {
    append_field(head, "Connection", "close");
  } else if (!frame.is_http_11) {
    append_field(head, "Connection", "keep-alive");
  }
  head.append("\r\n");
  return head;
}

}  // namespace codehelper
