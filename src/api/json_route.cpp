#include "codehelper/api/json_route.hpp"

#include <fmt/format.h>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

bool is_json_type(std::string_view content_type) {
  std::string type = to_lower_ascii(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

namespace {

Task<Result<HttpReply>> handle(JsonHandler handler, RequestContext context, HttpRequest request) {
  const auto content_type = request.headers.find("Content-Type");
  if (content_type && !is_json_type(*content_type)) {
    co_return make_error_reply(415, "unsupported_media_type",
                               fmt::format("send the body as application/json, not {}", *content_type),
                               context.request_id);
  }
  auto body = parse_json_object(request.body);
  if (!body) co_return std::unexpected(body.error());
  co_return co_await handler(std::move(context), std::move(request), std::move(*body));
}

}  // namespace

HttpHandler make_json_handler(JsonHandler handler) {
  return [inner = std::move(handler)](RequestContext context, HttpRequest request) {
    return handle(inner, std::move(context), std::move(request));
  };
}

}  // namespace codehelper
