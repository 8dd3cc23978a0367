// Server-sent events (HTML Living Standard, section 9.2): a parser without I/O and the text of an event.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"

namespace codehelper {

struct SseEvent {
  std::string event;  // "message" when the stream named none
  std::string data;
  std::string id;  // last id seen

  bool operator==(const SseEvent&) const = default;
};

/// Feed bytes as they come, cut anywhere; complete events come out. CR, LF and CRLF end lines; comments, `retry` and
/// events without a data field are dropped; what is not UTF-8 is replaced by U+FFFD.
class SseParser {
 public:
  /// `event_limit_bytes` bounds the data of one event and every single line.
  explicit SseParser(std::size_t event_limit_bytes = std::size_t{8} * 1024 * 1024);
  /// Errors: too_large when one event is over the limit; the parser is of no use afterwards.
  Result<std::vector<SseEvent>> feed(std::string_view bytes);

 private:
  void take_line(std::string_view line, std::vector<SseEvent>& events);
  void dispatch(std::vector<SseEvent>& events);
  std::unexpected<Error> too_large() const;

  std::size_t event_limit_bytes_;
  std::string line_;
  bool after_carriage_return_ = false;
  bool at_start_ = true;
  bool has_data_ = false;
  SseEvent event_;
};

/// The event's text, with the blank line that ends it. An empty id or event name is left out and neither may hold a
/// line end; data is always written, since readers drop an event without it. Each line end in `data`, be it CR, LF or
/// CRLF, begins a further data field, so that a reader gets LF.
std::string format_sse(const SseEvent& event);
/// A comment line that keeps proxies from closing the stream. Never ": ping": some clients take that for the end.
inline constexpr std::string_view kSseKeepAlive = ": keep-alive\n\n";

}  // namespace codehelper
