// M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the author's later departures
// (tartarus.org/martin/PorterStemmer): words of one or two letters stay, "bli" for "abli", "logi" to "log".
#pragma once

#include <string>

namespace codehelper {

/// `word` is lower-case ASCII letters only; it is shortened in place.
void stem_word(std::string& word);

}  // namespace codehelper
