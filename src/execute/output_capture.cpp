#include "output_capture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace {

// `text`, the beginning of valid UTF-8, without a last character that the cut left incomplete.
std::string_view whole_characters(std::string_view text) {
  std::size_t last = text.size();
  while (last > 0 && is_utf8_continuation(text[last - 1])) --last;
  if (last == 0) return {};
  const auto lead = static_cast<unsigned char>(text[last - 1]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return last - 1 + length <= text.size() ? text : text.substr(0, last - 1);
}

}  // namespace

OutputCapture::OutputCapture(std::size_t keep_bytes) : keep_bytes_(keep_bytes) {}

void OutputCapture::add(std::string_view text) {
  added_ += text.size();
  const std::size_t to_head = std::min(text.size(), keep_bytes_ - head_.size());
  head_ += text.substr(0, to_head);
  add_to_tail(text.substr(to_head));
}

void OutputCapture::add_to_tail(std::string_view text) {
  if (text.size() > keep_bytes_) text.remove_prefix(text.size() - keep_bytes_);
  const std::size_t to_grow = std::min(text.size(), keep_bytes_ - tail_.size());
  tail_ += text.substr(0, to_grow);
  text.remove_prefix(to_grow);
  while (!text.empty()) {
    const std::size_t piece = std::min(text.size(), keep_bytes_ - tail_begin_);
    tail_.replace(tail_begin_, piece, text.substr(0, piece));
    tail_begin_ = (tail_begin_ + piece) % keep_bytes_;
    text.remove_prefix(piece);
  }
}

std::string OutputCapture::text() const {
  std::string tail = tail_.substr(tail_begin_) + tail_.substr(0, tail_begin_);
  if (!truncated()) return head_ + tail;
  std::string_view end = tail;
  while (!end.empty() && is_utf8_continuation(end.front())) end.remove_prefix(1);
  const std::string_view begin = whole_characters(head_);
  const std::uint64_t dropped = added_ - begin.size() - end.size();
  const std::string_view line_end = begin.empty() || begin.ends_with('\n') ? "" : "\n";
  return fmt::format("{}{}[… {} bytes left out …]\n{}", begin, line_end, dropped, end);
}

}  // namespace codehelper
