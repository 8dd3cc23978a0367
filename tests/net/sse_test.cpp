#include "codehelper/net/sse.hpp"

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

using Events = std::vector<SseEvent>;

Events parse(std::string_view bytes) {
  SseParser parser;
  auto events = parser.feed(bytes);
  REQUIRE(events);
  return std::move(*events);
}

TEST_CASE("sse: joins data fields and ends the event at a blank line") {
  const auto events = parse("event: token\nid: 7\ndata: one\ndata: two\n\ndata: three\n\n");

  CHECK(events == Events{{"token", "one\ntwo", "7"}, {"message", "three", "7"}});
}

TEST_CASE("sse: takes CR, LF and CRLF as line ends") {
  CHECK(parse("data: a\rdata: b\r\ndata: c\n\r\ndata: d\r\r") ==
        Events{{"message", "a\nb\nc", ""}, {"message", "d", ""}});
}

TEST_CASE("sse: drops one byte order mark at the start only") {
  CHECK(parse("\xEF\xBB\xBF"
              "data: a\n\n") == Events{{"message", "a", ""}});
  CHECK(parse("\xEF\xBB\xBF\xEF\xBB\xBF"
              "data: a\n\n")
            .empty());
  CHECK(parse("\n\xEF\xBB\xBF"
              "data: a\n\n")
            .empty());
}

TEST_CASE("sse: removes a single leading space of a value") {
  CHECK(parse("data:a\ndata: b\ndata:  c\ndata:\td\n\n") == Events{{"message", "a\nb\n c\n\td", ""}});
}

TEST_CASE("sse: a field without a colon has an empty value") {
  CHECK(parse("data\n\n") == Events{{"message", "", ""}});
  CHECK(parse("data\ndata\n\n") == Events{{"message", "\n", ""}});
}

TEST_CASE("sse: ignores comments, retry and unknown fields") {
  CHECK(parse(": keep-alive\n\nretry: 10\n data: x\ndatas: y\nData: z\ndata: a\n:\n\n") ==
        Events{{"message", "a", ""}});
}

TEST_CASE("sse: drops an event without data and forgets its name") {
  CHECK(parse("event: ping\nid: 1\n\ndata: a\n\n") == Events{{"message", "a", "1"}});
}

TEST_CASE("sse: keeps the last id, lets an empty one clear it and ignores one with NUL") {
  const std::string stream("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid\ndata: c\n\n", 43);

  CHECK(parse(stream) == Events{{"message", "a", "1"}, {"message", "b", "1"}, {"message", "c", ""}});
}

TEST_CASE("sse: does not deliver an event that the stream leaves open") {
  CHECK(parse("data: a\n\ndata: b\n") == Events{{"message", "a", ""}});
}

TEST_CASE("sse: replaces what is not UTF-8") {
  CHECK(parse("data: a\xC3\ndata: \xFF\n\n") == Events{{"message", "a\xEF\xBF\xBD\n\xEF\xBF\xBD", ""}});
}

TEST_CASE("sse: any cutting of the bytes gives the same events") {
  const std::string stream =
      "\xEF\xBB\xBF: hello\r\nid: 1\r\nevent: token\r\ndata: caf\xC3\xA9\r\n\r\ndata\rdata: b\r\rid: "
      "2\ndata:c\n\n\r\ndata: d\n\r\n";
  const auto whole = parse(stream);
  REQUIRE(whole ==
          Events{{"token", "caf\xC3\xA9", "1"}, {"message", "\nb", "1"}, {"message", "c", "2"}, {"message", "d", "2"}});

  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second) {
      SseParser parser;
      Events events;
      for (const auto& piece : {stream.substr(0, first), stream.substr(first, second - first), stream.substr(second)}) {
        auto some = parser.feed(piece);
        REQUIRE(some);
        events.insert(events.end(), some->begin(), some->end());
      }
      if (events != whole) FAIL("cut at " << first << " and " << second);
    }
  }
}

TEST_CASE("sse: byte by byte gives the same events") {
  SseParser parser;
  Events events;

  for (const char byte : std::string_view("event: x\r\ndata: a\r\ndata: b\r\n\r\n")) {
    auto some = parser.feed({&byte, 1});
    REQUIRE(some);
    events.insert(events.end(), some->begin(), some->end());
  }

  CHECK(events == Events{{"x", "a\nb", ""}});
}

TEST_CASE("sse: an event of exactly the limit passes, one byte more is too large") {
  SseParser fits(10);
  SseParser over(10);
  SseParser over_in_two_lines(10);

  CHECK(fits.feed("data: 0123456789\n\n")->front().data == "0123456789");
  CHECK(over.feed("data: 0123456789a\n\n").error().code == ErrorCode::too_large);
  CHECK(over_in_two_lines.feed("data: 01234\ndata: 56789\n\n").error().code == ErrorCode::too_large);
}

TEST_CASE("sse: a line that never ends is too large") {
  SseParser parser(100);
  Result<Events> fed;

  for (int i = 0; i < 11 && fed; ++i) fed = parser.feed(": 01234567");

  REQUIRE_FALSE(fed);
  CHECK(fed.error().code == ErrorCode::too_large);
}

TEST_CASE("sse: events that are each within the limit pass, however many") {
  SseParser parser(10);
  std::size_t count = 0;

  for (int i = 0; i < 100; ++i) count += parser.feed("data: 0123456789\n\n")->size();

  CHECK(count == 100);
}

TEST_CASE("sse: a formatted event comes back through the parser") {
  const auto* data =
      GENERATE("", "a", " a", "a\nb", "\n", "\n\na\n", "data: x", ": comment", "{\"a\":1}", "caf\xC3\xA9");
  const SseEvent event{"token", data, "12"};

  CHECK(parse(format_sse(event)) == Events{event});
}

TEST_CASE("sse: each kind of line end in the data begins a further data field") {
  CHECK(format_sse({"", "a\rb\r\nc\nd", ""}) == "data: a\ndata: b\ndata: c\ndata: d\n\n");
}

TEST_CASE("sse: leaves out an empty id and an empty event name") {
  CHECK(format_sse({"", "x", ""}) == "data: x\n\n");
  CHECK(format_sse({"done", "x", "3"}) == "id: 3\nevent: done\ndata: x\n\n");
}

TEST_CASE("sse: the keep-alive comment is no event") {
  CHECK(parse(std::string(kSseKeepAlive)).empty());
}

}  // namespace
}  // namespace codehelper
