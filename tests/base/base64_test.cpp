#include "codehelper/base/base64.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

TEST_CASE("base64: the vectors of RFC 4648 go both ways") {
  const auto [bytes, text] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                       {"f", "Zg=="},
                                                                       {"fo", "Zm8="},
                                                                       {"foo", "Zm9v"},
                                                                       {"foob", "Zm9vYg=="},
                                                                       {"fooba", "Zm9vYmE="},
                                                                       {"foobar", "Zm9vYmFy"}}));

  CHECK(encode_base64(bytes) == text);
  CHECK(decode_base64(text) == bytes);
}

TEST_CASE("base64: line ends and blanks count as nothing, anything else is refused") {
  CHECK(decode_base64("Zm9v\nYmFy\n") == "foobar");
  CHECK(decode_base64(" Zm9v YmFy ") == "foobar");
  for (const std::string_view text : {"Zm9", "Zm9v!mFy", "Zg==Zg==", "=", "====", "Z===", "Zm9vYg=a"}) {
    INFO(text);
    CHECK_FALSE(decode_base64(text));
  }
}
