#include "execute/utf8_stream.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "codehelper/base/text.hpp"

using codehelper::to_valid_utf8;
using codehelper::Utf8Stream;

namespace {

// Every length of character, its edges, and what is ill-formed: stray continuations, overlong forms, surrogates, beyond
// U+10FFFF, characters cut by another one.
constexpr std::string_view kMixed =
    "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z\x80\xC0\xAF\xE0\x80\x80\xED\xA0\x80\xF4\x90\x80\x80\xE2\x82"
    "b\xF0\x9F\xC3\xA9\xFF\xEF\xBF\xBF\xED\x9F\xBF\xF4\x8F\xBF\xBF\xE2";

}  // namespace

TEST_CASE("utf8 stream: gives the same text wherever one cut is") {
  const std::string whole = to_valid_utf8(kMixed);

  for (std::size_t cut = 0; cut <= kMixed.size(); ++cut) {
    Utf8Stream stream;
    const std::string first = stream.feed(kMixed.substr(0, cut));
    const std::string second = stream.feed(kMixed.substr(cut));
    const std::string last = stream.finish();

    CAPTURE(cut);
    CHECK(first + second + last == whole);
    CHECK(to_valid_utf8(first) == first);
  }
}

TEST_CASE("utf8 stream: gives the same text byte by byte") {
  Utf8Stream stream;
  std::string text;

  for (const char byte : kMixed) text += stream.feed(std::string_view(&byte, 1));
  text += stream.finish();

  CHECK(text == to_valid_utf8(kMixed));
}

TEST_CASE("utf8 stream: holds back only what may still become a character") {
  Utf8Stream stream;

  CHECK(stream.feed("x\xE2\x82") == "x");
  CHECK(stream.feed("\xAC") == "\xE2\x82\xAC");
  CHECK(stream.feed("\xE0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(stream.feed("\xF0\x9F") == "");
  CHECK(stream.finish() == "\xEF\xBF\xBD");
  CHECK(stream.finish() == "");
}
