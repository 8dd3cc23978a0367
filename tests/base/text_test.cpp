#include "codehelper/base/text.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

const std::string kReplacement = "\xEF\xBF\xBD";

}  // namespace

TEST_CASE("text: valid UTF-8 stays as it is") {
  const std::string text = "a\u00e9\u20ac\U0001F600";

  CHECK(to_valid_utf8(text) == text);
}

TEST_CASE("text: each maximal ill-formed part becomes one replacement character") {
  CHECK(to_valid_utf8("a\xff"
                      "b") == "a" + kReplacement + "b");
  CHECK(to_valid_utf8("\xE2\x82") == kReplacement);
  CHECK(to_valid_utf8("\xE2\x82"
                      "a") == kReplacement + "a");
  CHECK(to_valid_utf8("\xC0\xAF") == kReplacement + kReplacement);
  CHECK(to_valid_utf8("\xED\xA0\x80") == kReplacement + kReplacement + kReplacement);
  CHECK(to_valid_utf8("\xF0\x9F\x98") == kReplacement);
  CHECK(to_valid_utf8("\xF5\x80") == kReplacement + kReplacement);
}

TEST_CASE("text: the nearest name is found, and a far one is not offered") {
  constexpr std::string_view kNames[] = {"port", "host", "log-level"};

  CHECK(nearest_name("prot", kNames) == "port");
  CHECK(nearest_name("log-levle", kNames) == "log-level");
  CHECK(nearest_name("zzzzzzz", kNames).empty());
}

TEST_CASE("text: lines are selected with their ends, and what is not there is left out") {
  CHECK(select_lines("a\nb\r\nc", 1, 1) == "a\n");
  CHECK(select_lines("a\nb\r\nc", 2, 3) == "b\r\nc");
  CHECK(select_lines("a\nb\n", 2, 9) == "b\n");
  CHECK(select_lines("a\nb\n", 4, 4).empty());
  CHECK(select_lines("", 1, 1).empty());
}
