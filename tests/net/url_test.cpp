#include "codehelper/net/http_client.hpp"

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

std::string message_for(std::string_view text) {
  const auto url = parse_url(text);
  REQUIRE_FALSE(url);
  CHECK(url.error().code == ErrorCode::invalid_input);
  return url.error().message;
}

TEST_CASE("url: splits scheme, host, port and path") {
  const auto url = parse_url("https://Llm.Example:8443/v1/");

  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->host == "llm.example");
  CHECK(url->port == "8443");
  CHECK(url->path == "/v1");
  CHECK(url->host_header() == "llm.example:8443");
}

TEST_CASE("url: fills in the scheme's own port and leaves it out of the Host header") {
  const auto plain = parse_url("HTTP://runner");
  const auto secure = parse_url("https://runner:443//");
  const auto empty_port = parse_url("http://runner:/");

  REQUIRE(plain);
  CHECK(plain->port == "80");
  CHECK(plain->path.empty());
  CHECK(plain->host_header() == "runner");
  REQUIRE(secure);
  CHECK(secure->host_header() == "runner");
  CHECK(secure->path.empty());
  REQUIRE(empty_port);
  CHECK(empty_port->port == "80");
}

TEST_CASE("url: keeps IPv6 literals without brackets and puts them back into the Host header") {
  const auto url = parse_url("http://[::1]:8000/v1");
  const auto bare = parse_url("http://[2001:DB8::7]");

  REQUIRE(url);
  CHECK(url->host == "::1");
  CHECK(url->port == "8000");
  CHECK(url->host_header() == "[::1]:8000");
  REQUIRE(bare);
  CHECK(bare->host == "2001:db8::7");
  CHECK(bare->host_header() == "[2001:db8::7]");
}

TEST_CASE("url: refuses what is no base URL") {
  const auto* text = GENERATE("", "runner:8080", "ftp://runner", "http://", "http:///path", "http://:80", "http://a b/",
                              "http://runner:0", "http://runner:65536", "http://runner:8o", "http://runner:-1",
                              "http://[::1", "http://[runner]", "http://[::1]8000", "http://a:1:2", "http://run%20ner",
                              "http://runner/v1?x=1", "http://runner#top", "http://r\xC3\xBCnner", "http://a\r\nb");

  CHECK_FALSE(parse_url(text));
  CHECK(message_for(text).contains("no usable URL"));
}

TEST_CASE("url: quotes the text without user, password and query") {
  const auto* text = GENERATE("http://me:secret@runner/v1", "http://me:sec/ret@runner/v1", "me:secret@runner",
                              "http://runner/?key=secret", "http://me:sec?ret@runner", "ftp://secret@runner",
                              "http://me:sec#ret@runner");

  const auto message = message_for(text);

  CHECK_FALSE(message.contains("sec"));
  CHECK_FALSE(message.contains("ret"));
}

TEST_CASE("url: an error names the text and the fault") {
  CHECK(message_for("http://runner:70000/v1").contains("\"http://runner:70000/v1\""));
  CHECK(message_for("http://runner:70000/v1").contains("port"));
  CHECK(message_for("http://runner\r\n") ==
        "\"http://runner??\" is no usable URL: it contains blanks or other than ASCII");
}

}  // namespace
}  // namespace codehelper
