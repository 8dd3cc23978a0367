// What every WebSearch must do, against a server that speaks the provider's API or misbehaves.
#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "codehelper/agents/web_search.hpp"
#include "support/scripted_server.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

const std::string kKey = "key-of-the-test";

struct Provider {
  std::string name;
  std::string list;
  std::string url;
  std::string snippet;
  int refused;  // the status for a wrong key
  void (*set)(WebConfig& config, const std::string& url);
};

const std::vector<Provider>& providers() {
  static const std::vector<Provider> all = {
      {"tavily", "results", "url", "content", 401,
       [](WebConfig& config, const std::string& url) {
         config.tavily_key = kKey;
         config.tavily_url = url;
       }},
      {"serper", "organic", "link", "snippet", 403,
       [](WebConfig& config, const std::string& url) {
         config.serper_key = kKey;
         config.serper_url = url;
       }},
      {"searxng", "results", "url", "content", 403,
       [](WebConfig& config, const std::string& url) { config.searxng_url = url; }},
  };
  return all;
}

std::string make_answer(int status, std::string_view body, std::string_view headers = "") {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers, body);
}

struct SearchFixture {
  explicit SearchFixture(const Provider& asked)
      : provider(asked), server(loop, [this](ScriptedPeer& peer, int) { return serve(peer); }) {
    WebConfig config;
    config.limit = std::chrono::seconds(1);
    provider.set(config, server.url());
    search = make_web_search(loop, metrics, config).value();
  }

  Task<void> serve(ScriptedPeer& peer) {
    while (true) {
      const std::string request = co_await peer.read_request();
      if (request.empty()) co_return;
      if (answer.empty()) {
        co_await peer.wait_for_close();
        co_return;
      }
      std::string bytes = answer;
      co_await peer.write(std::move(bytes));
    }
  }

  Result<std::vector<WebResult>> ask(const std::string& query = "asio cancel", std::size_t limit = 5) {
    return run_until_done(loop, search->search({}, query, limit));
  }
  json::object item(const std::string& title, const std::string& url, const std::string& snippet) const {
    return {{"title", title}, {provider.url, url}, {provider.snippet, snippet}};
  }
  void give(json::array items) {
    answer = make_answer(200, json::serialize(json::object{{provider.list, std::move(items)}}));
  }

  Provider provider;
  EventLoop loop{1};
  Metrics metrics;
  std::string answer;
  ScriptedServer server;
  std::unique_ptr<WebSearch> search;
};

void for_each_provider(auto test) {
  for (const Provider& provider : providers()) {
    CAPTURE(provider.name);
    SearchFixture fixture(provider);
    CHECK(fixture.search->provider() == provider.name);
    test(fixture);
  }
}

}  // namespace

TEST_CASE("web search: results come in order as plain, valid, short text, and only those of the web") {
  for_each_provider([](SearchFixture& f) {
    f.give(
        {f.item("A <b>bold</b> title", "https://a.example/", "x &amp; y<br/> std::vector&lt;int&gt; <i>z</i>\n\n end"),
         f.item("no page", "javascript:alert(1)", "x"), f.item("B", "http://b.example/", std::string(5000, 'e')),
         f.item("C", "https://c.example/", "bad \xff byte"), f.item("D", "https://d.example/", "d")});

    const auto found = f.ask("q", 3);

    REQUIRE(found);
    REQUIRE(found->size() == 3);
    CHECK(found->at(0).title == "A bold title");
    CHECK(found->at(0).url == "https://a.example/");
    CHECK(found->at(0).snippet == "x & y std::vector<int> z end");
    CHECK(found->at(1).snippet.size() == 2048);
    CHECK(found->at(2).snippet == "bad \xEF\xBF\xBD byte");
  });
}

TEST_CASE("web search: code with angle brackets stays, a script's tags go") {
  for_each_provider([](SearchFixture& f) {
    f.give({f.item("t", "https://a.example/", "Result<T> a<b <script src=x>alert(1)</script> x < y <!-- c --> z")});
    const auto found = f.ask();
    REQUIRE(found);
    CHECK(found->at(0).snippet == "Result<T> a<b alert(1) x < y z");
  });
}

TEST_CASE("web search: an answer without results is none; strange entries are left out") {
  for_each_provider([](SearchFixture& f) {
    f.answer = make_answer(200, "{}");
    CHECK(f.ask().value().empty());
    f.give({1, "x", nullptr, json::object{{"title", 5}}});
    CHECK(f.ask().value().empty());
  });
}

TEST_CASE("web search: each failure has its code, names the provider, and never the key") {
  for_each_provider([](SearchFixture& f) {
    const auto fails_as = [&](std::string answer, ErrorCode code) {
      f.answer = std::move(answer);
      const auto failed = f.ask();
      CAPTURE(f.answer);
      REQUIRE_FALSE(failed);
      CAPTURE(failed.error().message);
      CHECK(failed.error().code == code);
      CHECK_FALSE(failed.error().message.contains(kKey));
    };
    const std::string echo = R"({"message":"bad )" + kKey + R"("})";
    fails_as(make_answer(f.provider.refused, echo), ErrorCode::unauthorized);
    fails_as(make_answer(429, echo), ErrorCode::overloaded);
    fails_as(make_answer(500, echo), ErrorCode::unavailable);
    fails_as(make_answer(404, echo), ErrorCode::bad_answer);
    fails_as(make_answer(302, "", "Location: /login\r\n"), ErrorCode::bad_answer);
    fails_as(make_answer(200, "<html>"), ErrorCode::bad_answer);
    fails_as("nonsense\r\n\r\n", ErrorCode::bad_answer);
    fails_as("", ErrorCode::timeout);
  });
}

TEST_CASE("web search: a search that is refused is not repeated") {
  for_each_provider([](SearchFixture& f) {
    f.answer = make_answer(429, "{}");
    CHECK_FALSE(f.ask());
    CHECK(f.server.requests().size() == 1);
  });
}

TEST_CASE("web search: secrets in a query don't leave, and a query is short") {
  for_each_provider([](SearchFixture& f) {
    f.give({});
    const std::string secret = std::string("gh") + "p_" + "q7Zk2mXvB9tLwR4yHsN8cJdF3gPaUe6K1oTi";
    REQUIRE(f.ask("why is " + secret + " refused " + std::string(2000, 'w')));
    REQUIRE(f.server.requests().size() == 1);
    CHECK_FALSE(f.server.requests()[0].contains(secret));
    CHECK(f.server.requests()[0].size() < 1200);
  });
}

TEST_CASE("web search: each provider is asked in its own way") {
  SearchFixture tavily(providers()[0]);
  tavily.give({});
  REQUIRE(tavily.ask("a b", 50));
  CHECK(tavily.server.requests()[0].starts_with("POST /search HTTP/1.1\r\n"));
  CHECK_THAT(tavily.server.requests()[0], Catch::Contains("Authorization: Bearer " + kKey + "\r\n"));
  CHECK_THAT(tavily.server.requests()[0],
             Catch::EndsWith(R"({"query":"a b","max_results":20,"search_depth":"basic"})"));
  for (const int status : {432, 433}) {
    tavily.answer = make_answer(status, "{}");
    CHECK(tavily.ask().error().code == ErrorCode::overloaded);
  }

  SearchFixture serper(providers()[1]);
  serper.give({});
  REQUIRE(serper.ask("a b", 5));
  CHECK_THAT(serper.server.requests()[0], Catch::Contains("X-API-KEY: " + kKey + "\r\n"));
  CHECK_THAT(serper.server.requests()[0], Catch::EndsWith(R"({"q":"a b","num":5})"));
  serper.answer = make_answer(400, R"({"message":"Not enough credits"})");
  CHECK(serper.ask().error().code == ErrorCode::overloaded);

  SearchFixture searxng(providers()[2]);
  searxng.give({});
  REQUIRE(searxng.ask("a b&c=\xC3\xA4", 5));
  CHECK(searxng.server.requests()[0].starts_with("GET /search?format=json&q=a%20b%26c%3D%C3%A4 HTTP/1.1\r\n"));
  searxng.answer = make_answer(403, "Forbidden");
  CHECK_THAT(searxng.ask().error().message, Catch::Contains("search.formats"));
}

TEST_CASE("web search: the first provider that is set is asked, and none when none is") {
  EventLoop loop{1};
  Metrics metrics;
  WebConfig config;
  CHECK(make_web_search(loop, metrics, config).value() == nullptr);
  config.searxng_url = "http://127.0.0.1:1";
  CHECK(make_web_search(loop, metrics, config).value()->provider() == "searxng");
  config.serper_key = kKey;
  CHECK(make_web_search(loop, metrics, config).value()->provider() == "serper");
  config.tavily_key = kKey;
  CHECK(make_web_search(loop, metrics, config).value()->provider() == "tavily");
  config.tavily_url = "no url";
  CHECK_THAT(make_web_search(loop, metrics, config).error().message, Catch::Contains("TAVILY_URL"));
}
