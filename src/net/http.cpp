#include "codehelper/net/http.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

#include "codehelper/base/text.hpp"
#include "codehelper/net/accept.hpp"

namespace codehelper {

namespace {

constexpr std::string_view kInternalMessage = "An internal error occurred.";

bool same_name(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes what stands before `separator` off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trim(taken);
}

/// True for a weight of zero, "q=0" to "q=0.000": not acceptable (RFC 9110, section 12.4.2).
bool refuses(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = take_until(parameters, ';');
    if (parameter.size() < 3 || !same_name(parameter.substr(0, 2), "q=")) continue;
    return parameter.find_first_not_of("0.", 2) == std::string_view::npos;
  }
  return false;
}

}  // namespace

void HttpHeaders::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void HttpHeaders::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
  add(std::move(name), std::move(value));
}

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const {
  const auto field = std::ranges::find_if(fields_, [&](const auto& entry) { return same_name(entry.first, name); });
  if (field == fields_.end()) return std::nullopt;
  return field->second;
}

bool lists_range(const HttpHeaders& headers, std::string_view name, std::string_view range) {
  for (const auto& [field, value] : headers) {
    if (!same_name(field, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      std::string_view weights = take_until(rest, ',');
      if (same_name(take_until(weights, ';'), range)) return !refuses(weights);
    }
  }
  return false;
}

bool HttpRequest::accepts(std::string_view media_type) const {
  return lists_range(headers, "Accept", media_type);
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
    case ErrorCode::invalid_input:
      return 400;
    case ErrorCode::invalid_field:
      return 422;
    case ErrorCode::unauthorized:
      return 401;
    case ErrorCode::forbidden:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::too_large:
      return 413;
    case ErrorCode::timeout:
      return 504;
    case ErrorCode::cancelled:
      return 499;
    case ErrorCode::unavailable:
    case ErrorCode::bad_answer:
      return 502;
    case ErrorCode::overloaded:
      return 503;
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

HttpReply make_error_reply(int status, std::string_view error, std::string_view message, std::string_view request_id) {
  const bool is_internal = status == 500 || error == to_string(ErrorCode::internal);
  const boost::json::object envelope{
      {"error", error},
      {"message", is_internal ? std::string(kInternalMessage) : to_valid_utf8(message)},
      {"request_id", request_id},
  };
  return make_json_reply(boost::json::serialize(envelope), status);
}

HttpReply make_error_reply(const Error& error, std::string_view request_id) {
  return make_error_reply(http_status(error.code), to_string(error.code), error.message, request_id);
}

HttpReply make_json_reply(std::string json, int status) {
  HttpReply reply;
  reply.status = status;
  reply.headers.add("Content-Type", "application/json");
  reply.body = std::move(json);
  return reply;
}

}  // namespace codehelper
