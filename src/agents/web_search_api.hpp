// What the adapters of web search have in common: one call, its errors, and results made harmless.
#pragma once

#include <boost/json/object.hpp>

#include "codehelper/agents/web_search.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

/// One provider's API. Texts are literals.
struct WebSearchApi {
  std::string_view provider;
  std::string_view setting;  // names what is to be corrected when the provider refuses us
  HttpCall (*make_call)(std::string_view key, std::string_view query, std::size_t limit);
  std::string_view list;  // fields of the answer
  std::string_view url;
  std::string_view snippet;
  /// The error that the provider means by this answer, when it is not what the status says.
  std::optional<Error> (*explain)(const HttpAnswer& answer);
};

WebSearchApi tavily_api();
WebSearchApi serper_api();
WebSearchApi searxng_api();

/// Plain text: HTML's tags taken out, its entities decoded, blanks in a row as one, valid UTF-8, `limit_bytes` at most.
std::string clean_web_text(std::string_view text, std::size_t limit_bytes);

/// `key` may be empty where the provider needs none.
std::unique_ptr<WebSearch> make_web_search(WebSearchApi api, std::unique_ptr<HttpClient> client, std::string key,
                                           std::chrono::milliseconds limit);

}  // namespace codehelper
