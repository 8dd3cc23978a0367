// Properties of the parser of server-sent events for any bytes: where they are cut does not matter, and every event
// comes back from its own text.
#include "codehelper/net/sse.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using codehelper::SseEvent;
using codehelper::SseParser;

constexpr std::size_t kEventLimitBytes = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

/// False when an event is too large; then `events` holds those before it.
bool feed(SseParser& parser, std::string_view bytes, std::vector<SseEvent>& events) {
  auto some = parser.feed(bytes);
  if (!some) return false;
  events.insert(events.end(), some->begin(), some->end());
  return true;
}

void check_cut(std::string_view bytes, std::size_t cut) {
  SseParser whole(kEventLimitBytes);
  SseParser pieces(kEventLimitBytes);
  std::vector<SseEvent> expected;
  std::vector<SseEvent> events;

  const bool is_fine = feed(whole, bytes, expected);
  const bool is_fine_in_pieces = feed(pieces, bytes.substr(0, cut), events) && feed(pieces, bytes.substr(cut), events);

  require(is_fine == is_fine_in_pieces);
  require(!is_fine || events == expected);
}

void check_round_trip(std::string_view bytes) {
  SseParser parser;
  const auto events = parser.feed(bytes);
  require(events.has_value());
  for (const auto& event : *events) {
    SseParser again;
    const auto back = again.feed(codehelper::format_sse(event));
    require(back && back->size() == 1 && back->front() == event);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  check_cut(bytes, data[0] % size);
  check_round_trip(bytes);
  return 0;
}
