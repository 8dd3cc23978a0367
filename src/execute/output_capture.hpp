// The first and the last part of a text of any length, in constant memory. The middle is counted and dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace codehelper {

class OutputCapture {
 public:
  /// Keeps up to `keep_bytes` of the beginning and as much of the end.
  explicit OutputCapture(std::size_t keep_bytes);

  /// `text` is valid UTF-8.
  void add(std::string_view text);
  /// True when something was dropped.
  bool truncated() const { return added_ > 2 * static_cast<std::uint64_t>(keep_bytes_); }
  /// Valid UTF-8; where the middle is missing stands a line "[… N bytes left out …]".
  std::string text() const;

 private:
  void add_to_tail(std::string_view text);

  std::size_t keep_bytes_;
  std::uint64_t added_ = 0;
  std::string head_;
  std::string tail_;            // a ring once it is full
  std::size_t tail_begin_ = 0;  // the oldest byte of the full ring
};

}  // namespace codehelper
