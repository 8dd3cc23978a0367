// Bytes that come in pieces, as valid UTF-8 that comes in pieces: a character cut by a piece's end is held back until
// the rest is there. What is ill-formed becomes U+FFFD, as in to_valid_utf8().
#pragma once

#include <string>
#include <string_view>

namespace codehelper {

class Utf8Stream {
 public:
  /// The text that is complete by now; may be empty.
  std::string feed(std::string_view bytes);
  /// What was held back, at the end of the stream: empty or one U+FFFD.
  std::string finish();

 private:
  std::string held_;  // at most three bytes: the beginning of a well-formed character
};

}  // namespace codehelper
