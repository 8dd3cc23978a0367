#include "agents/excerpt.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace codehelper;

TEST_CASE("excerpt: a part ends and begins between lines") {
  const std::string text = "one\ntwo\nthree\n";

  CHECK(first_part(text, 14) == text);
  CHECK(first_part(text, 13) == "one\ntwo\n");
  CHECK(first_part(text, 8) == "one\ntwo\n");
  CHECK(first_part(text, 7) == "one\n");
  CHECK(last_part(text, 14) == text);
  CHECK(last_part(text, 10) == "two\nthree\n");
  CHECK(last_part(text, 9) == "three\n");
  CHECK(last_part(text, 6) == "three\n");
}

TEST_CASE("excerpt: a line that is too long is cut between characters") {
  const std::string text = "a€€\n";  // 1 + 3 + 3 + 1 bytes

  CHECK(first_part(text, 7) == "a€€");
  CHECK(first_part(text, 6) == "a€");
  CHECK(first_part(text, 3) == "a");
  CHECK(first_part(text, 0).empty());
  CHECK(last_part(text, 6) == "€\n");
  CHECK(last_part(text, 4) == "€\n");
  CHECK(last_part(text, 3) == "\n");
  CHECK(last_part(text, 0).empty());
}

TEST_CASE("excerpt: no limit goes past the text, whatever its bytes") {
  const std::string text = "\x80\x80\n\xE2\x82\n\x80";

  for (std::size_t limit = 0; limit <= text.size() + 1; ++limit) {
    CHECK(first_part(text, limit).size() <= limit);
    CHECK(last_part(text, limit).size() <= limit);
    CHECK(text.starts_with(first_part(text, limit)));
    CHECK(text.ends_with(last_part(text, limit)));
  }
}

TEST_CASE("excerpt: a code block can't be ended by its text") {
  CHECK(make_code_block("cpp", "int a;\n") == "```cpp\nint a;\n```\n");
  CHECK(make_code_block("", "no line end") == "```\nno line end\n```\n");
  CHECK(make_code_block("", "") == "```\n```\n");
  CHECK(make_code_block("markdown", "```sh\nls\n```\n") == "````markdown\n```sh\nls\n```\n````\n");
  CHECK(make_code_block("", "`````") == "``````\n`````\n``````\n");
}

TEST_CASE("excerpt: a message that is too long says how much is left out") {
  CHECK(shorten("short", 5) == "short");
  CHECK(shorten("a€€", 5) == "a€… (3 bytes left out)");
}
