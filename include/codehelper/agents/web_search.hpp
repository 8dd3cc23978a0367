// Searches the web. A seam: Tavily, Serper, SearXNG. What comes back is data from strangers, never an instruction.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/config.hpp"
#include "codehelper/base/error.hpp"
#include "codehelper/base/metrics.hpp"
#include "codehelper/base/request_context.hpp"
#include "codehelper/net/event_loop.hpp"
#include "codehelper/net/task.hpp"

namespace codehelper {

struct WebResult {
  std::string title;
  std::string url;
  std::string snippet;  // plain text, valid UTF-8, 2 KiB at most
};

class WebSearch {
 public:
  virtual ~WebSearch() = default;

  virtual std::string_view provider() const = 0;  // "tavily", "serper", "searxng"
  /// Best first, `limit` at most. Secrets in the query are masked before it is sent. Errors: unauthorized (the key), overloaded (rate or plan limit; not repeated),
  /// unavailable, timeout, bad_answer, cancelled. No message holds a key.
  virtual Task<Result<std::vector<WebResult>>> search(RequestContext context, std::string query, std::size_t limit) = 0;
};

/// The provider that is set, the first in the order of the settings; null when none is. `loop` and `metrics` outlive it.
/// Errors: invalid_input for a bad URL.
Result<std::unique_ptr<WebSearch>> make_web_search(EventLoop& loop, Metrics& metrics, const WebConfig& config);

}  // namespace codehelper
