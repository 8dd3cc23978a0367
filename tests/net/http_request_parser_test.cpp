#include "http_request_parser.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace codehelper;

namespace {

constexpr std::size_t kHeadLimit = 1024;

struct Parsed {
  int fault = 0;  // status; 0 = none
  bool is_complete = false;
  HttpRequest request;
  std::size_t consumed = 0;
};

/// Feeds `bytes` cut into `pieces`, as a session does: each time all that is not consumed yet.
Parsed parse(std::string_view bytes, const std::vector<std::size_t>& cuts = {}) {
  HttpRequestParser parser(kHeadLimit);
  Parsed parsed;
  std::vector<std::size_t> ends = cuts;
  ends.push_back(bytes.size());
  for (const std::size_t end : ends) {
    for (;;) {
      // A copy of its own size, so that the address sanitizer sees a read over its end.
      const std::string fed(bytes.substr(parsed.consumed, end - parsed.consumed));
      const auto progress = parser.feed(fed);
      parsed.consumed += progress.consumed;
      if (progress.step == HttpRequestParser::Step::fault) {
        parsed.fault = parser.fault().status;
        return parsed;
      }
      if (progress.step == HttpRequestParser::Step::complete) {
        parsed.is_complete = true;
        parsed.request = parser.request();
        return parsed;
      }
      if (progress.step == HttpRequestParser::Step::need_more) break;
      parser.limit_body(100);
    }
  }
  return parsed;
}

const std::string kPost = "\r\nPOST /a%20b?q=1 HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nContent-Length: 5\r\n\r\nhello";
const std::string kChunked =
    "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
    "5;ext=\"v\"\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: t\r\n\r\n";
const std::string kChunkedShort = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

}  // namespace

TEST_CASE("request parser: the outcome is the same wherever the bytes are cut") {
  for (const std::string& bytes : {kPost, kChunked, kChunkedShort}) {
    const Parsed whole = parse(bytes);
    REQUIRE(whole.is_complete);
    CHECK(whole.consumed == bytes.size());
    for (std::size_t first = 1; first < bytes.size(); ++first) {
      for (std::size_t second = first; second < std::min(first + 7, bytes.size()); ++second) {
        CAPTURE(bytes, first, second);
        const Parsed cut = parse(bytes, {first, second});
        REQUIRE(cut.is_complete);
        REQUIRE(cut.request.body == whole.request.body);
        REQUIRE(cut.request.path == whole.request.path);
      }
    }
  }
}

TEST_CASE("request parser: byte by byte is as good as at once") {
  for (const std::string& bytes : {kPost, kChunked, kChunkedShort}) {
    std::vector<std::size_t> cuts;
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) cuts.push_back(cut);

    CHECK(parse(bytes, cuts).is_complete);
  }
}

TEST_CASE("request parser: takes target, headers and body apart") {
  const Parsed parsed = parse(kPost);

  CHECK(parsed.request.method == "POST");
  CHECK(parsed.request.path == "/a b");
  CHECK(parsed.request.query.at("q") == "1");
  CHECK(parsed.request.headers.find("x-empty") == "");
  CHECK(parsed.request.body == "hello");
  CHECK(parse(kChunked).request.body == "hello world");
}

TEST_CASE("request parser: trailers change nothing") {
  const Parsed parsed = parse(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: Bearer t\r\nHost: "
      "y\r\n\r\n");

  REQUIRE(parsed.is_complete);
  CHECK(!parsed.request.headers.find("Authorization"));
}

TEST_CASE("request parser: leaves the bytes of the next request alone") {
  const std::string one = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

  CHECK(parse(one + one).consumed == one.size());
  CHECK(parse(kChunked + one).consumed == kChunked.size());
}

TEST_CASE("request parser: refuses what could be read in two ways") {
  const std::string host = "Host: x\r\n";
  const std::vector<std::pair<std::string, int>> cases = {
      {"GET / HTTP/1.1\r\n\r\n", 400},                                      // no Host
      {"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},                // two of them
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},                         // no host
      {"GET / HTTP/1.1\r\nHost: user@x\r\n\r\n", 400},                      //
      {"GET / \r\n", 400},                                                  // no version, and nothing more to come
      {"GET /\r\n\r\n", 400},                                               //
      {"GET / HTTP/2.0\r\n" + host + "\r\n", 400},                          //
      {"GET / HTTP/1.1 \r\n" + host + "\r\n", 400},                         //
      {"G@T / HTTP/1.1\r\n" + host + "\r\n", 400},                          //
      {" GET / HTTP/1.1\r\n" + host + "\r\n", 400},                         //
      {"GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},                       //
      {"GET /%zz HTTP/1.1\r\n" + host + "\r\n", 400},                       //
      {"GET /%00 HTTP/1.1\r\n" + host + "\r\n", 400},                       //
      {"GET x HTTP/1.1\r\n" + host + "\r\n", 400},                          //
      {"GET / HTTP/1.1\r\nHost: x\r\r\nA: b\r\n\r\n", 400},                 // a carriage return of its own
      {"GET / HTTP/1.1\n" + host + "\r\n", 400},                            // a line feed of its own
      {"GET / HTTP/1.1\r\n" + host + "X[]: y\r\n\r\n", 400},                //
      {"GET / HTTP/1.1\r\n" + host + "X : y\r\n\r\n", 400},                 // space before the colon
      {"GET / HTTP/1.1\r\n" + host + "X: a\x01z\r\n\r\n", 400},             //
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},   //
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\na", 400},  //
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1x\r\n\r\na", 400},  //
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n", 400},
  };
  for (const auto& [bytes, status] : cases) {
    CAPTURE(bytes);
    CHECK(parse(bytes).fault == status);
  }
}

TEST_CASE("request parser: HTTP/1.0 needs no Host") {
  CHECK(parse("GET / HTTP/1.0\r\n\r\n").is_complete);
  CHECK(parse("GET / HTTP/1.1\r\nHost:\r\n\r\n").is_complete);
  CHECK(parse("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").is_complete);
}

TEST_CASE("request parser: head, chunk extensions, trailers and body are bounded") {
  const std::string chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string extensions = chunked;
  for (int i = 0; i < 60; ++i) extensions += "1;" + std::string(40, 'e') + "\r\na\r\n";

  CHECK(parse("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(kHeadLimit, 'a') + "\r\n\r\n").fault == 431);
  CHECK(parse("GET /" + std::string(kHeadLimit, 'a')).fault == 431);
  CHECK(parse(std::string(kHeadLimit + 1, 'G')).fault == 431);
  CHECK(parse(extensions).fault == 431);
  CHECK(parse(chunked + "1;" + std::string(kHeadLimit, 'e')).fault == 431);
  CHECK(parse(chunked + "0\r\nA: " + std::string(kHeadLimit, 't')).fault == 431);
  CHECK(parse(chunked + "65\r\n").fault == 413);
  CHECK(parse(chunked + "64\r\n" + std::string(100, 'b') + "\r\n1\r\nb\r\n").fault == 413);
  CHECK(parse(chunked + "64\r\n" + std::string(100, 'b') + "\r\n0\r\n\r\n").is_complete);
}

TEST_CASE("request parser: a head that drips in field by field is bounded as a whole") {
  std::string bytes = "GET / HTTP/1.1\r\nHost: x\r\n";
  std::vector<std::size_t> cuts;
  while (bytes.size() <= kHeadLimit) {
    bytes += "A: b\r\n";
    cuts.push_back(bytes.size());
  }

  CHECK(parse(bytes, cuts).fault == 431);
}

TEST_CASE("request parser: survives any damage, cut anywhere") {
  std::mt19937 random(20260101);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  constexpr std::string_view kBytes =
      "\r\n 0:;,\x01\xff"
      "fG%";
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = round % 3 == 0 ? kPost : round % 3 == 1 ? kChunked : kChunkedShort;
    for (std::size_t edits = 1 + below(3); edits > 0; --edits) {
      const std::size_t at = below(bytes.size());
      if (below(2) == 0) {
        bytes[at] = kBytes[below(kBytes.size())];
      } else {
        bytes.erase(at, 1 + below(3));
      }
      if (bytes.empty()) bytes = "x";
    }
    const std::size_t first = below(bytes.size());
    const std::size_t second = first + below(bytes.size() - first);
    const Parsed parsed = parse(bytes, {first, second});
    REQUIRE(parsed.consumed <= bytes.size());
    refused += parsed.fault != 0;
  }

  CHECK(refused > 1'000);
}
