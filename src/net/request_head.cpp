#include "request_head.hpp"

#include "codehelper/base/text.hpp"
#include "codehelper/base/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace codehelper {
namespace {

bool is_own_header(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"host", "connection", "content-length", "transfer-encoding"};
  return std::ranges::find(kNames, to_lower_ascii(name)) != kNames.end();
}

bool is_context_header(std::string_view name) {
  constexpr std::array<std::string_view, 2> kNames = {"x-request-id", "x-timeout-ms"};
  return std::ranges::find(kNames, to_lower_ascii(name)) != kNames.end();
}

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kMarks.contains(c);
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

bool is_target(std::string_view target) {
  const auto starts_well = target.empty() || target.front() == '/' || target.front() == '?';
  return starts_well && std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

bool has_content_length(const HttpCall& call) {
  return !call.body.empty() || call.method == "POST" || call.method == "PUT" || call.method == "PATCH";
}

class HeadText {
 public:
  explicit HeadText(const HttpHeaders& given) : given_(given) {}

  void add(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(text_), "{}: {}\r\n", name, value);
  }
  void add_unless_given(std::string_view name, std::string_view value) {
    if (!given_.find(name)) add(name, value);
  }
  std::string finish(std::string_view request_line) const { return fmt::format("{}\r\n{}\r\n", request_line, text_); }

 private:
  const HttpHeaders& given_;
  std::string text_;
};

}  // namespace

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

Result<void> check_call(const HttpCall& call) {
  if (!is_token(call.method)) return fail(ErrorCode::invalid_input, "the method of an HTTP call is no token");
  if (!is_target(call.target)) {
    return fail(ErrorCode::invalid_input, "the target of an HTTP call must begin with / and be percent-encoded");
  }
  for (const auto& [name, value] : call.headers) {
    if (!is_token(name)) return fail(ErrorCode::invalid_input, "a header of an HTTP call has a name that is no token");
    if (is_own_header(name)) {
      return fail(ErrorCode::invalid_input, fmt::format("the header {} is set by the HTTP client itself", name));
    }
    if (!is_header_value(value)) {
      return fail(ErrorCode::invalid_input, fmt::format("the header {} contains a control character", name));
    }
  }
  return {};
}

std::string make_request_head(const Url& base, const HttpCall& call, const std::string& token,
                              const std::string& request_id, Deadline deadline) {
  HeadText head(call.headers);
  head.add("Host", base.host_header());
  head.add_unless_given("User-Agent", fmt::format("codehelper/{}", version()));
  head.add_unless_given("Accept", "*/*");
  if (!token.empty()) head.add_unless_given("Authorization", "Bearer " + token);
  if (is_valid_request_id(request_id)) head.add("X-Request-Id", request_id);
  head.add(kTimeoutHeader, std::to_string(deadline.remaining().count()));
  if (!call.body.empty()) head.add_unless_given("Content-Type", "application/json");
  if (has_content_length(call)) head.add("Content-Length", std::to_string(call.body.size()));
  for (const auto& [name, value] : call.headers) {
    if (!is_context_header(name)) head.add(name, value);
  }

  std::string target = base.path + call.target;
  if (!target.starts_with('/')) target.insert(0, "/");
  return head.finish(fmt::format("{} {} HTTP/1.1", call.method, target));
}

}  // namespace codehelper
