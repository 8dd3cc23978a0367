#include <boost/json/serialize.hpp>

#include <algorithm>

#include "web_search_api.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kMostResults = 20;

HttpCall make_call(std::string_view key, std::string_view query, std::size_t limit) {
  HttpCall call{.method = "POST", .target = "/search"};
  call.headers.set("Content-Type", "application/json");
  call.headers.set("Authorization", "Bearer " + std::string(key));
  call.body = boost::json::serialize(
      boost::json::object{{"query", query}, {"max_results", std::min(limit, kMostResults)}, {"search_depth", "basic"}});
  return call;
}

std::optional<Error> explain(const HttpAnswer& answer) {
  if (answer.status != 432 && answer.status != 433) return std::nullopt;
  return Error{ErrorCode::overloaded, "tavily: the limit of the plan is reached: wait for the next month, or raise it"};
}

}  // namespace

WebSearchApi tavily_api() {
  return {"tavily", "TAVILY_API_KEY", make_call, "results", "url", "content", explain};
}

}  // namespace codehelper
