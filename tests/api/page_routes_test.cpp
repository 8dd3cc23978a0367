// GET / and the files of the chat page.
#include <catch2/catch.hpp>

#include <regex>

#include "api/api_fixture.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;

namespace {

struct PageFixture : ApiFixture {
  ApiAnswer get(const std::string& target, const std::string& header = "", const std::string& value = "") {
    HttpCall call{.method = "GET", .target = target};
    if (!header.empty()) call.headers.add(header, value);
    return this->call(std::move(call));
  }
  std::string script() { return first_asset(R"re(src="(/assets/main\.[0-9a-f]{16}\.js)")re"); }
  std::string first_asset(const std::string& pattern) {
    const std::string html = get("/").text;
    std::smatch match;
    if (!std::regex_search(html, match, std::regex(pattern))) throw std::runtime_error("not in the page: " + pattern);
    return match[1];
  }
};

}  // namespace

TEST_CASE_METHOD(PageFixture, "page: it is served plain, and compressed to those who take that") {
  const ApiAnswer plain = get("/");
  const ApiAnswer refused = get("/", "Accept-Encoding", "gzip;q=0, br");
  const ApiAnswer compressed = get("/", "Accept-Encoding", "br, gzip");

  CHECK(plain.status == 200);
  CHECK(plain.headers.find("Content-Type") == "text/html; charset=utf-8");
  CHECK_FALSE(plain.headers.find("Content-Encoding"));
  CHECK_THAT(plain.text, Catch::StartsWith("<!doctype html>") && Catch::EndsWith("</html>\n"));
  CHECK(refused.text == plain.text);
  CHECK(compressed.headers.find("Content-Encoding") == "gzip");
  CHECK(compressed.text.starts_with("\x1f\x8b"));
  CHECK(compressed.text.size() < plain.text.size());
  CHECK(plain.headers.find("Vary") == "Accept-Encoding");
}

TEST_CASE_METHOD(PageFixture, "page: the page is asked for anew, its files are kept for good") {
  const ApiAnswer page = get("/");
  const ApiAnswer file = get(script());

  CHECK(page.headers.find("Cache-Control") == "no-cache");
  CHECK(file.status == 200);
  CHECK(file.headers.find("Cache-Control") == "public, max-age=31536000, immutable");
  CHECK(file.headers.find("Content-Type") == "text/javascript; charset=utf-8");
}

TEST_CASE_METHOD(PageFixture, "page: who has it already is told so and gets nothing") {
  const std::string etag(get("/").headers.find("ETag").value());

  const ApiAnswer known = get("/", "If-None-Match", "\"other\", " + etag);
  const ApiAnswer other = get("/", "If-None-Match", "\"other\"");

  CHECK(known.status == 304);
  CHECK(known.text.empty());
  CHECK(known.headers.find("ETag") == etag);
  CHECK(other.status == 200);
}

TEST_CASE_METHOD(PageFixture, "page: the browser may load nothing from elsewhere, and no other page may frame it") {
  for (const std::string& target : {std::string("/"), script()}) {
    const ApiAnswer answer = get(target);
    const std::string policy(answer.headers.find("Content-Security-Policy").value_or(""));

    CAPTURE(target);
    CHECK_THAT(policy, Catch::StartsWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                                         "img-src 'self' data:; base-uri 'none'; form-action 'none'; "
                                         "frame-ancestors 'none'"));
    CHECK(answer.headers.find("Referrer-Policy") == "no-referrer");
    CHECK(answer.headers.find("X-Content-Type-Options") == "nosniff");
  }
}

TEST_CASE_METHOD(PageFixture, "page: the licences of what it is made of are among its files") {
  const ApiAnswer licences = get(first_asset(R"re(href="(/assets/licenses\.[0-9a-f]{16}\.txt)")re"));

  for (const char* name : {"dompurify", "highlight.js", "marked"}) {
    CHECK_THAT(licences.text, Catch::Contains(std::string(name) + "\n\n"));
  }
  CHECK_THAT(licences.text, Catch::Contains("Copyright"));
}
