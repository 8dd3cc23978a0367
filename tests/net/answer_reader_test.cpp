#include "answer_reader.hpp"

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

struct ReadAnswer {
  std::optional<ErrorCode> error;
  int status = 0;
  std::string body;
  bool leaves_connection_open = false;

  bool operator==(const ReadAnswer&) const = default;
};

/// Feeds the pieces, then the peer's end.
ReadAnswer read(std::initializer_list<std::string_view> pieces, std::string_view method = "GET") {
  AnswerReader reader(method);
  ReadAnswer answer;
  for (const auto piece : pieces) {
    if (reader.is_complete()) break;
    const auto fed = reader.feed(piece);
    if (!fed) answer.error = fed.error().code;
    if (!fed) return answer;
    if (reader.has_head()) answer.body += reader.take_body();
  }
  answer.leaves_connection_open = reader.leaves_connection_open();
  const auto ended = reader.end();
  if (!ended) answer.error = ended.error().code;
  if (reader.has_head()) answer.status = reader.status();
  return answer;
}

TEST_CASE("answer reader: any cutting of the bytes gives the same answer") {
  const std::string_view answer =
      GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
               "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n",
               "HTTP/1.0 200 OK\r\n\r\nhello");
  const auto whole = read({answer});
  REQUIRE_FALSE(whole.error);
  REQUIRE(whole.body == "hello");

  for (std::size_t first = 0; first <= answer.size(); ++first) {
    for (std::size_t second = first; second <= answer.size(); ++second) {
      const auto cut = read({answer.substr(0, first), answer.substr(first, second - first), answer.substr(second)});
      if (cut != whole) FAIL("cut at " << first << " and " << second);
    }
  }
}

TEST_CASE("answer reader: every cut of a framed answer is seen as broken") {
  const std::string_view answer =
      GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");

  for (std::size_t size = 0; size < answer.size(); ++size) {
    const auto cut = read({answer.substr(0, size)});
    if (cut.error != ErrorCode::unavailable) FAIL("cut at " << size);
  }
}

TEST_CASE("answer reader: knows which answers have no body") {
  CHECK(read({"HTTP/1.1 204 No Content\r\n\r\n"}).leaves_connection_open);
  CHECK(read({"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"}).leaves_connection_open);
  CHECK(read({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}, "HEAD").leaves_connection_open);
  CHECK(read({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}).error == ErrorCode::unavailable);
}

TEST_CASE("answer reader: tells when the connection can't be used again") {
  const auto* answer = GENERATE("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                                "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nuntil the end",
                                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
                                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");

  const auto read_answer = read({answer});

  CHECK_FALSE(read_answer.error);
  CHECK_FALSE(read_answer.leaves_connection_open);
}

TEST_CASE("answer reader: tells at once that a peer talks something else") {
  const auto* bytes = GENERATE("SSH-2.0-OpenSSH_9.2", "{\"error\":1}", "\x15\x03\x01", "HTTQ", "<html>");
  AnswerReader reader("GET");

  const auto fed = reader.feed(bytes);

  REQUIRE_FALSE(fed);
  CHECK(fed.error().message.contains("did not answer with HTTP"));
}

TEST_CASE("answer reader: a head or framing without end is too large") {
  const auto* start =
      GENERATE("HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ");
  AnswerReader reader("GET");
  auto fed = reader.feed(start);
  int pieces = 0;

  while (fed && pieces < 100) {
    fed = reader.feed(std::string(4096, 'x'));
    ++pieces;
  }

  REQUIRE_FALSE(fed);
  CHECK(fed.error().code == ErrorCode::too_large);
}

TEST_CASE("answer reader: an announced length reserves nothing") {
  AnswerReader reader("GET");

  const auto fed = reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nabc");

  REQUIRE(fed);
  CHECK(reader.announced_body_bytes() == 9'000'000'000'000'000'000U);
  CHECK(reader.take_body() == "abc");
}

TEST_CASE("answer reader: refuses two lengths, length with chunking, and chunks that are none") {
  const auto* answer = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n\r\n",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
                                "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", "HTTP/1.1 2000 OK\r\n\r\n",
                                "HTTP/3.1 200 OK\r\n\r\n");

  CHECK(read({answer}).error == ErrorCode::bad_answer);
}

TEST_CASE("answer reader: gives the fields in order") {
  AnswerReader reader("GET");
  REQUIRE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n"));

  const auto headers = reader.headers();

  const std::vector<std::pair<std::string, std::string>> fields(headers.begin(), headers.end());
  CHECK(fields == std::vector<std::pair<std::string, std::string>>{
                      {"Content-Length", "0"}, {"Set-Cookie", "a"}, {"set-cookie", "b"}});
}

}  // namespace
}  // namespace codehelper
