// How texts look on a terminal: colours where they are wanted, and no control characters of others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codehelper/base/config.hpp"

namespace codehelper {

enum class Tone : std::uint8_t { dim, bold, good, bad };

/// One of the standard streams.
class TextStyle {
 public:
  /// Colours on a terminal only, and not with NO_COLOR (any value) or TERM=dumb.
  static TextStyle of(int descriptor, const StringMap& environment);

  bool is_terminal() const { return is_terminal_; }
  std::string paint(Tone tone, std::string_view text) const;
  /// `text` (UTF-8) as it may be written: for a terminal without control characters but line feed and tab, since
  /// what a model or a file says must not steer it.
  std::string clean(std::string_view text) const;

 private:
  bool is_terminal_ = false;
  bool has_colours_ = false;
};

struct Terminal {
  TextStyle out;
  TextStyle err;
};
/// Of this process.
Terminal find_terminal();

}  // namespace codehelper
