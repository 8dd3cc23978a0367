// Server-sent events (HTML Living Standard, section 9.2): a parser without I/O and the text of an event.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"

namespace codehelper {

struct SseEvent {
  std::string event;  // "message" when the stream named none
  std::string data;
  std::string id;     // last id seen

  bool operator==(const SseEvent&) const = default;
};

/// Feed bytes as they come, cut anywhere; complete events come out. CR, LF and CRLF end lines; comments are dropped.
class SseParser {
 public:
  explicit SseParser(std::size_t event_limit_bytes = 8 * 1024 * 1024);
  /// Errors: too_large when one event is over the limit.
  Result<std::vector<SseEvent>> feed(std::string_view bytes);

 private:
  void take_line(std::string_view line, std::vector<SseEvent>& events);

  std::size_t event_limit_bytes_;
  std::string line_;
  bool after_carriage_return_ = false;
  bool at_start_ = true;
  bool has_data_ = false;
  SseEvent event_;
};

/// The event's text, with the blank line that ends it. Line ends in `data` become further data fields; empty fields are
/// left out.
std::string format_sse(const SseEvent& event);
/// A comment line that keeps proxies from closing the stream. Never ": ping": some clients take that for the end.
inline constexpr std::string_view kSseKeepAlive = ": keep-alive\n\n";

}  // namespace codehelper
