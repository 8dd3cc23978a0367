#include <fmt/format.h>

#include "web_search_api.hpp"

namespace codehelper {

namespace {

std::string encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || c == '.' || c == '~';
    encoded += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

HttpCall make_call(std::string_view, std::string_view query, std::size_t) {
  HttpCall call{.target = "/search?format=json&q=" + encode(query)};
  call.headers.set("Accept", "application/json");
  return call;
}

std::optional<Error> explain(const HttpAnswer& answer) {
  if (answer.status != 403) return std::nullopt;
  return Error{ErrorCode::unauthorized,
               "searxng: it doesn't give JSON: add json to search.formats in its settings.yml and restart it"};
}

}  // namespace

WebSearchApi searxng_api() {
  return {"searxng", "SEARXNG_URL", make_call, "results", "url", "content", explain};
}

}  // namespace codehelper
