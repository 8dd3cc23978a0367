#include "execute/output_capture.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "codehelper/base/text.hpp"

using codehelper::OutputCapture;

TEST_CASE("output capture: keeps all of what fits") {
  OutputCapture capture(4);

  capture.add("abc");
  capture.add("defgh");

  CHECK(capture.text() == "abcdefgh");
  CHECK_FALSE(capture.truncated());
}

TEST_CASE("output capture: keeps the first and the last part and says how much is missing") {
  OutputCapture capture(4);

  capture.add("abcdefg");
  capture.add("hijklmn");

  CHECK(capture.text() == "abcd\n[… 6 bytes left out …]\nklmn");
  CHECK(capture.truncated());
}

TEST_CASE("output capture: adds no empty line when the first part ends in one") {
  OutputCapture capture(4);

  capture.add("abc\n123456789");

  CHECK(capture.text() == "abc\n[… 5 bytes left out …]\n6789");
}

TEST_CASE("output capture: never cuts a character and counts what that costs") {
  for (std::size_t keep = 0; keep < 12; ++keep) {
    OutputCapture capture(keep);
    std::string all;
    for (int i = 0; i < 10; ++i) all += "é€😀";

    capture.add(all);

    CAPTURE(keep);
    const std::string text = capture.text();
    CHECK(codehelper::to_valid_utf8(text) == text);
    CHECK_FALSE(text.contains("\xEF\xBF\xBD"));
    const std::size_t notice = text.find("[… ");
    REQUIRE(notice != std::string::npos);
    const std::size_t kept_before = notice == 0 ? 0 : notice - 1;
    const std::size_t kept_after = text.size() - text.find("…]\n") - std::string_view("…]\n").size();
    CHECK(std::stoul(text.substr(notice + std::string_view("[… ").size())) == all.size() - kept_before - kept_after);
  }
}

TEST_CASE("output capture: gives the same text however the pieces are cut") {
  std::string all;
  for (int i = 0; i < 50; ++i) all += std::to_string(i) + ",";
  OutputCapture whole(7);
  whole.add(all);

  for (std::size_t piece = 1; piece < all.size(); ++piece) {
    OutputCapture capture(7);
    for (std::size_t at = 0; at < all.size(); at += piece) capture.add(std::string_view(all).substr(at, piece));

    CAPTURE(piece);
    CHECK(capture.text() == whole.text());
  }
}
