#include "answer_reader.hpp"

#include <boost/beast/http/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace codehelper {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t kHeadLimitBytes = 64 * 1024;
constexpr std::string_view kProtocol = "HTTP/";

std::unexpected<Error> head_too_large() {
  return fail(ErrorCode::too_large, fmt::format("answered with a head of more than {} bytes", kHeadLimitBytes));
}

}  // namespace

AnswerReader::AnswerReader(std::string_view method) : is_head_request_(method == "HEAD") {
  start_parser();
}

void AnswerReader::start_parser() {
  parser_.emplace();
  parser_->eager(true);
  parser_->skip(is_head_request_);
  parser_->header_limit(kHeadLimitBytes);
  parser_->body_limit(boost::none);  // the caller counts: a streamed body has no limit
}

bool AnswerReader::is_informational() const {
  return has_head() && status() / 100 == 1 && status() != 101;
}

Result<void> AnswerReader::feed(std::string_view bytes) {
  has_bytes_ = has_bytes_ || !bytes.empty();
  const auto room = pending_.prepare(bytes.size());
  boost::asio::buffer_copy(room, boost::asio::buffer(bytes));
  pending_.commit(bytes.size());

  boost::beast::error_code error;
  while (!error && !is_complete() && pending_.size() > 0) {
    // Beast waits for a whole head before it looks at the first line; a peer that talks something else may never end
    // one.
    const std::string_view start(static_cast<const char*>(pending_.data().data()), pending_.size());
    if (!has_head() && !parser_->got_some() && !start.starts_with(kProtocol.substr(0, start.size()))) {
      return fail(ErrorCode::bad_answer, "did not answer with HTTP");
    }
    pending_.consume(parser_->put(pending_.data(), error));
    if (is_informational()) start_parser();
  }
  if (error == http::error::header_limit) return head_too_large();
  if (error && error != http::error::need_more) {
    const auto* what = has_head() ? "answered with broken HTTP" : "did not answer with HTTP";
    return fail(ErrorCode::bad_answer, fmt::format("{} ({})", what, error.message()));
  }
  if (!is_complete() && pending_.size() > kHeadLimitBytes) return head_too_large();
  return {};
}

Result<void> AnswerReader::end() {
  if (is_complete()) return {};
  if (!has_bytes_) return fail(ErrorCode::unavailable, "closed the connection without an answer");
  if (!has_head()) return fail(ErrorCode::unavailable, "closed the connection within the head of its answer");
  boost::beast::error_code error;
  parser_->put_eof(error);
  if (error) return fail(ErrorCode::unavailable, "closed the connection within the body of its answer");
  return {};
}

bool AnswerReader::leaves_connection_open() const {
  return is_complete() && parser_->keep_alive() && status() != 101 && pending_.size() == 0;
}

HttpHeaders AnswerReader::headers() const {
  HttpHeaders headers;
  for (const auto& field : parser_->get()) headers.add(field.name_string(), field.value());
  return headers;
}

std::optional<std::uint64_t> AnswerReader::announced_body_bytes() const {
  const auto length = parser_->content_length();
  if (is_head_request_ || !length) return std::nullopt;
  return *length;
}

std::string AnswerReader::take_body() {
  return std::exchange(parser_->get().body(), {});
}

}  // namespace codehelper
