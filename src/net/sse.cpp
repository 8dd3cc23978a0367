#include "codehelper/net/sse.hpp"

#include "codehelper/base/text.hpp"

#include <utility>

namespace codehelper {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kFieldNameBytes = std::string_view("data: ").size();

void append_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\n");
}

}  // namespace

SseParser::SseParser(std::size_t event_limit_bytes) : event_limit_bytes_(event_limit_bytes) {}

Result<std::vector<SseEvent>> SseParser::feed(std::string_view bytes) {
  std::vector<SseEvent> events;
  while (!bytes.empty()) {
    if (after_carriage_return_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_carriage_return_ = false;

    const auto end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (line_.size() > event_limit_bytes_ + kFieldNameBytes) return too_large();
    if (end == std::string_view::npos) break;

    after_carriage_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    take_line(line, events);
    if (event_.data.size() > event_limit_bytes_) return too_large();
  }
  return events;
}

void SseParser::take_line(std::string_view line, std::vector<SseEvent>& events) {
  if (std::exchange(at_start_, false) && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) {
    dispatch(events);
    return;
  }
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  auto raw_value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (raw_value.starts_with(' ')) raw_value.remove_prefix(1);

  if (name == "data") {
    if (std::exchange(has_data_, true)) event_.data += '\n';
    event_.data += to_valid_utf8(raw_value);
  } else if (name == "event") {
    event_.event = to_valid_utf8(raw_value);
  } else if (name == "id" && !raw_value.contains('\0')) {
    event_.id = to_valid_utf8(raw_value);
  }
}

void SseParser::dispatch(std::vector<SseEvent>& events) {
  if (event_.event.empty()) event_.event = "message";
  if (std::exchange(has_data_, false)) events.push_back(event_);
  event_.event.clear();
  event_.data.clear();
}

std::unexpected<Error> SseParser::too_large() const {
  return fail(ErrorCode::too_large,
              "an event of the stream is over the limit of " + std::to_string(event_limit_bytes_) + " bytes");
}

std::string format_sse(const SseEvent& event) {
  std::string text;
  if (!event.id.empty()) append_field(text, "id", event.id);
  if (!event.event.empty()) append_field(text, "event", event.event);

  std::string_view data = event.data;
  while (true) {
    const auto end = data.find_first_of("\r\n");
    append_field(text, "data", data.substr(0, end));
    if (end == std::string_view::npos) break;
    data.remove_prefix(data.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  return text + "\n";
}

}  // namespace codehelper
