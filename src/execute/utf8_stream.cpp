#include "utf8_stream.hpp"

#include "codehelper/base/text.hpp"

#include <cstddef>
#include <utility>

namespace codehelper {

namespace {

struct LeadByte {
  std::size_t length = 0;  // of the whole character; 0 = not the first byte of a longer character
  unsigned second_minimum = 0x80;
  unsigned second_maximum = 0xBF;
};

// Unicode 15, table 3-7.
LeadByte classify(unsigned byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {.length = 2};
  if (byte == 0xE0) return {.length = 3, .second_minimum = 0xA0};
  if (byte == 0xED) return {.length = 3, .second_maximum = 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {.length = 3};
  if (byte == 0xF0) return {.length = 4, .second_minimum = 0x90};
  if (byte == 0xF4) return {.length = 4, .second_maximum = 0x8F};
  if (byte >= 0xF1 && byte <= 0xF3) return {.length = 4};
  return {};
}

// How many bytes at the end begin a character whose rest may still come.
std::size_t incomplete_tail(std::string_view bytes) {
  for (std::size_t size = 1; size <= 3 && size <= bytes.size(); ++size) {
    const std::string_view tail = bytes.substr(bytes.size() - size);
    const auto first = static_cast<unsigned char>(tail[0]);
    if ((first & 0xC0U) == 0x80U) continue;
    const LeadByte lead = classify(first);
    if (lead.length <= size) return 0;
    if (size == 1) return 1;
    const auto second = static_cast<unsigned char>(tail[1]);
    return second >= lead.second_minimum && second <= lead.second_maximum ? size : 0;
  }
  return 0;
}

}  // namespace

std::string Utf8Stream::feed(std::string_view bytes) {
  std::string joined;
  if (!held_.empty()) {
    joined = std::exchange(held_, {});
    joined += bytes;
    bytes = joined;
  }
  const std::size_t tail = incomplete_tail(bytes);
  held_ = bytes.substr(bytes.size() - tail);
  return to_valid_utf8(bytes.substr(0, bytes.size() - tail));
}

std::string Utf8Stream::finish() {
  return to_valid_utf8(std::exchange(held_, {}));
}

}  // namespace codehelper
