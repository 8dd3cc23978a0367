#include "codehelper/agents/web_search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"
#include "web_search_api.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kQueryLimit = 400;  // bytes; Tavily refuses more
constexpr std::size_t kTitleLimit = 300;
constexpr std::size_t kUrlLimit = 2048;
constexpr std::size_t kSnippetLimit = 2048;
constexpr std::size_t kAnswerLimit = 4 * 1024 * 1024;

/// What may leave this process.
std::string make_query(std::string_view asked) {
  return clean_web_text(mask_secrets(asked).text, kQueryLimit);
}

Error explain_status(const WebSearchApi& api, int status) {
  if (status == 401 || status == 403) {
    return {ErrorCode::unauthorized, fmt::format("{} refuses the key: correct {}", api.provider, api.setting)};
  }
  if (status == 429) {
    return {ErrorCode::overloaded, fmt::format("{} takes no more searches for now (status 429)", api.provider)};
  }
  if (status / 100 == 5) {
    return {ErrorCode::unavailable, fmt::format("{} fails with status {}", api.provider, status)};
  }
  return {ErrorCode::bad_answer,
          fmt::format("{} answered with status {}: correct {}", api.provider, status, api.setting)};
}

Result<std::vector<WebResult>> read_results(const WebSearchApi& api, const HttpAnswer& answer, std::size_t limit) {
  if (auto meant = api.explain(answer)) return std::unexpected(std::move(*meant));
  if (answer.status != 200) return std::unexpected(explain_status(api, answer.status));
  const auto body = parse_json_object(to_valid_utf8(answer.body));
  if (!body) return fail(ErrorCode::bad_answer, fmt::format("{} answered with something else than JSON", api.provider));
  std::vector<WebResult> results;
  const json::value* list = body->if_contains(api.list);
  if (list == nullptr || !list->is_array()) return results;  // nothing was found
  for (const json::value& item : list->as_array()) {
    if (results.size() == limit) break;
    if (!item.is_object()) continue;
    const json::object& object = item.as_object();
    const std::string url = text_in(object, api.url);
    const bool is_web = url.starts_with("https://") || url.starts_with("http://");
    if (!is_web || url.size() > kUrlLimit) continue;
    results.push_back({clean_web_text(text_in(object, "title"), kTitleLimit), clean_web_text(url, kUrlLimit),
                       clean_web_text(text_in(object, api.snippet), kSnippetLimit)});
  }
  return results;
}

class HttpWebSearch final : public WebSearch {
 public:
  HttpWebSearch(WebSearchApi api, std::unique_ptr<HttpClient> client, std::string key, std::chrono::milliseconds limit)
      : api_(api), client_(std::move(client)), key_(std::move(key)), limit_(limit) {}

  std::string_view provider() const override { return api_.provider; }

  Task<Result<std::vector<WebResult>>> search(RequestContext context, std::string query, std::size_t limit) override {
    const std::string asked = make_query(query);
    if (asked.empty() || limit == 0) co_return std::vector<WebResult>();
    HttpCall call = api_.make_call(key_, asked, limit);
    call.limit = limit_;
    call.answer_limit_bytes = kAnswerLimit;
    const auto answer = co_await client_->call(std::move(context), std::move(call));
    if (!answer) co_return std::unexpected(translate(answer.error()));
    co_return read_results(api_, *answer, limit);
  }

 private:
  Error translate(Error error) const {
    if (error.code == ErrorCode::too_large) error.code = ErrorCode::bad_answer;
    // The call holds the key; what can't be sent is not told.
    if (error.code == ErrorCode::invalid_input) {
      return {ErrorCode::unauthorized, fmt::format("{} holds what no header can: correct it", api_.setting)};
    }
    return error;
  }

  WebSearchApi api_;
  std::unique_ptr<HttpClient> client_;
  std::string key_;
  std::chrono::milliseconds limit_;
};

}  // namespace

std::unique_ptr<WebSearch> make_web_search(WebSearchApi api, std::unique_ptr<HttpClient> client, std::string key,
                                           std::chrono::milliseconds limit) {
  return std::make_unique<HttpWebSearch>(api, std::move(client), std::move(key), limit);
}

Result<std::unique_ptr<WebSearch>> make_web_search(EventLoop& loop, Metrics& metrics, const WebConfig& config) {
  struct Choice {
    WebSearchApi api;
    std::string_view url_setting;
    std::string key;
    std::string url;
    bool is_set;
  };
  const Choice choices[] = {
      {tavily_api(), "TAVILY_URL", config.tavily_key, config.tavily_url, !config.tavily_key.empty()},
      {serper_api(), "SERPER_URL", config.serper_key, config.serper_url, !config.serper_key.empty()},
      {searxng_api(), "SEARXNG_URL", "", config.searxng_url, !config.searxng_url.empty()},
  };
  const auto* const chosen = std::ranges::find(choices, true, &Choice::is_set);
  if (chosen == std::end(choices)) return nullptr;
  HttpClientOptions options;
  options.base_url = chosen->url;
  options.metrics = &metrics;
  options.role = "web_search";
  auto client = HttpClient::make(loop, std::move(options));
  if (!client) return fail_with_context(chosen->url_setting, client.error());
  return make_web_search(chosen->api, std::move(*client), chosen->key, config.limit);
}

}  // namespace codehelper
