#include <boost/json/serialize.hpp>

#include <algorithm>

#include "web_search_api.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kMostResults = 100;

HttpCall make_call(std::string_view key, std::string_view query, std::size_t limit) {
  HttpCall call{.method = "POST", .target = "/search"};
  call.headers.set("Content-Type", "application/json");
  call.headers.set("X-API-KEY", std::string(key));
  call.body = boost::json::serialize(boost::json::object{{"q", query}, {"num", std::min(limit, kMostResults)}});
  return call;
}

std::optional<Error> explain(const HttpAnswer& answer) {
  if (answer.status != 400 || !answer.body.contains("credit")) return std::nullopt;
  return Error{ErrorCode::overloaded, "serper: no credits are left: buy some, or set another provider"};
}

}  // namespace

WebSearchApi serper_api() {
  return {"serper", "SERPER_API_KEY", make_call, "organic", "link", "snippet", explain};
}

}  // namespace codehelper
