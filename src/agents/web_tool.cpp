#include "web_tool.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "tool_text.hpp"

namespace codehelper {

namespace json = boost::json;

Task<Result<ToolResult>> search_web(WebSearch& web, RequestContext context, json::object arguments) {
  constexpr std::size_t kResults = 5;
  const auto query = required_text(arguments, "query");
  if (!query) co_return make_failure(query.error().message);
  const auto found = co_await web.search(context, mask_secrets(*query).text, kResults);
  if (!found) {
    const bool ends = found.error().code == ErrorCode::cancelled || context.deadline.passed();
    if (ends) co_return std::unexpected(found.error());
    co_return make_failure("the web could not be searched: " + found.error().message);
  }
  ToolResult result;
  json::array results;
  for (const WebResult& page : *found) {
    result.text += fmt::format("{}\n{}\n{}\n\n", page.title, page.url, page.snippet);
    results.push_back(json::object{{"title", page.title}, {"url", page.url}, {"snippet", page.snippet}});
  }
  if (found->empty()) result.text = "The web search found nothing.\n";
  result.text = cut_with_notice(std::move(result.text), "ask more narrowly");
  result.summary = fmt::format("{} pages by {}", found->size(), web.provider());
  result.data = {{"results", std::move(results)}};
  co_return result;
}

}  // namespace codehelper
