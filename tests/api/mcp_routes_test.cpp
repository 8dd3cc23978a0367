// POST /mcp and the two descriptors, over a real server and the tools of the conformance suites.
#include <fcntl.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include "codehelper/net/http_server.hpp"
#include "codehelper/net/sse.hpp"
#include "support/api_client.hpp"
#include "support/mcp_fixture_tools.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
namespace json = boost::json;

namespace {

struct McpFixture {
  McpFixture() {
    HttpClientOptions options;
    options.base_url = "http://127.0.0.1:" + std::to_string(server.start().value());
    client = HttpClient::make(loop, std::move(options)).value();
  }
  ~McpFixture() {
    run_until_done(loop, server.drain(std::chrono::milliseconds(0)));
    run_until_done(loop, runs.shut_down());
  }
  McpFixture(const McpFixture&) = delete;
  McpFixture& operator=(const McpFixture&) = delete;

  static HttpCall make_call(std::string body, const std::string& session = "") {
    HttpCall call{.method = "POST", .target = "/mcp", .body = std::move(body)};
    call.headers.add("Content-Type", "application/json");
    call.headers.add("Accept", "application/json, text/event-stream");
    if (!session.empty()) call.headers.add("Mcp-Session-Id", session);
    call.limit = std::chrono::seconds(20);
    return call;
  }
  ApiAnswer send(HttpCall call) {
    auto answer = run_until_done(loop, client->call({}, std::move(call)));
    REQUIRE(answer);
    return {answer->status, std::move(answer->headers), std::move(answer->body)};
  }

  EventLoop loop{2};
  Metrics metrics;
  test::McpFixtureTools tools;
  ChatRuns runs{loop};
  HttpServer server{loop, make_router(), {}, Log::none(), metrics};
  std::unique_ptr<HttpClient> client;

 private:
  Router make_router() {
    Router router;
    add_mcp_routes(router, {tools, runs});
    return router;
  }
};

std::string call_of(const char* tool, const char* more = "") {
  return std::string(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")") + tool + "\"" + more + "}}";
}

constexpr const char* kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})";

}  // namespace

TEST_CASE_METHOD(McpFixture, "mcp: a call is answered by JSON, or with progress by events when that is asked for") {
  const ApiAnswer whole = send(make_call(call_of("test_tool_with_progress")));
  const ApiAnswer told = send(make_call(call_of("test_tool_with_progress", R"(,"_meta":{"progressToken":5})")));

  CHECK(whole.headers.find("Content-Type") == "application/json");
  CHECK(whole.json().at("id") == 7);
  CHECK(whole.json().at("result").at("structuredContent").at("name") == "test_tool_with_progress");
  CHECK(told.headers.find("Content-Type") == "text/event-stream");
  SseParser parser;
  const auto events = parser.feed(told.text).value();
  REQUIRE(events.size() == 4);
  for (int i = 0; i < 3; ++i) {
    const json::object message = json::parse(events[static_cast<std::size_t>(i)].data).as_object();
    CHECK(message.at("params").at("progressToken") == 5);
    CHECK(message.at("params").at("progress") == i + 1);
  }
  CHECK(json::parse(events[3].data) == whole.json());
}

TEST_CASE_METHOD(McpFixture, "mcp: GET and DELETE are 405, other bodies 415, other wishes 406") {
  CHECK(send({.method = "GET", .target = "/mcp"}).headers.find("Allow") == "POST");
  CHECK(send({.method = "DELETE", .target = "/mcp"}).status == 405);
  HttpCall text{.method = "POST", .target = "/mcp", .body = "{}"};
  text.headers.add("Content-Type", "text/plain");
  CHECK(send(text).status == 415);
  HttpCall html{.method = "POST", .target = "/mcp", .body = "{}"};
  html.headers.add("Accept", "text/html");
  CHECK(send(html).status == 406);
  HttpCall foreign = make_call(kInitialize);
  foreign.headers.add("Origin", "http://evil.example.com");
  CHECK(send(std::move(foreign)).status == 403);
  CHECK(send(make_call(R"({"jsonrpc":"2.0","method":"notifications/initialized"})")).status == 202);
}

TEST_CASE_METHOD(McpFixture, "mcp: a failure of a tool itself says nothing of its detail") {
  const ApiAnswer answer = send(make_call(call_of("test_wrong")));

  CHECK(answer.json().at("error").at("code") == -32603);
  CHECK_FALSE(answer.text.contains("the detail"));
}

TEST_CASE_METHOD(McpFixture, "mcp: in the legacy era a call is cancelled by its session's notification alone") {
  const std::string session(send(make_call(kInitialize)).headers.find("Mcp-Session-Id").value());
  const std::string other(send(make_call(kInitialize)).headers.find("Mcp-Session-Id").value());
  const std::string cancel =
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"reason":"enough"}})";
  std::optional<int> status;
  auto wait_for_answer = [](HttpClient& asked, HttpCall call, std::optional<int>& told) -> Task<void> {
    const auto answer = co_await asked.call({}, std::move(call));
    if (answer) told = answer->status;
  };
  TaskGroup group(loop, Log::none());
  group.spawn("call", wait_for_answer(*client, make_call(call_of("test_wait"), session), status));
  while (tools.calls.empty()) run_until_done(loop, sleep_for(std::chrono::milliseconds(1)));

  CHECK(send(make_call(cancel, other)).status == 202);
  run_until_done(loop, sleep_for(std::chrono::milliseconds(20)));
  CHECK(tools.cancelled == 0);
  CHECK(send(make_call(cancel, session)).status == 202);
  run_until_done(loop, group.join());

  CHECK(tools.cancelled == 1);
  CHECK(status == 202);
}

TEST_CASE_METHOD(McpFixture, "mcp: a caller that leaves cancels a modern call, and no legacy one") {
  HttpCall legacy = make_call(call_of("test_wait"));
  legacy.limit = std::chrono::milliseconds(50);
  HttpCall modern = make_call(call_of(
      "test_wait",
      R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})"));
  modern.headers.add("MCP-Protocol-Version", "2026-07-28");
  modern.headers.add("Mcp-Method", "tools/call");
  modern.headers.add("Mcp-Name", "test_wait");
  modern.limit = std::chrono::milliseconds(50);

  for (auto [call, expected] : {std::pair(legacy, 0), std::pair(modern, 1)}) {
    call.headers.set(std::string(kTimeoutHeader), "60000");
    CHECK_FALSE(run_until_done(loop, client->call({}, call)));
    for (int i = 0; i < 200 && tools.cancelled < expected; ++i) {
      run_until_done(loop, sleep_for(std::chrono::milliseconds(1)));
    }
    CHECK(tools.cancelled == expected);
  }
}

namespace {

/// What comes back for `input`, line by line.
std::vector<json::object> talk(McpTools& tools, const std::string& input) {
  EventLoop loop(1);
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  REQUIRE(::pipe2(in.data(), O_CLOEXEC) == 0);
  REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
  REQUIRE(::write(in[1], input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  ::close(in[1]);
  run_until_done(loop, serve_mcp_lines(loop, tools, {}, in[0], out[1]));
  ::close(in[0]);
  ::close(out[1]);
  std::string output(1024 * 1024, '\0');
  const ssize_t size = ::read(out[0], output.data(), output.size());
  ::close(out[0]);
  output.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  std::vector<json::object> messages;
  for (std::size_t begin = 0; begin < output.size(); begin = output.find('\n', begin) + 1) {
    messages.push_back(json::parse(output.substr(begin, output.find('\n', begin) - begin)).as_object());
  }
  return messages;
}

}  // namespace

TEST_CASE("mcp: over lines everything asked before the end of the input is answered, and what is taken back is not") {
  test::McpFixtureTools tools;
  const std::string waiting = R"({"jsonrpc":"2.0","id":"w","method":"tools/call","params":{"name":"test_wait"}})";
  const std::string cancel = R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"w"}})";

  const auto messages = talk(tools, std::string(kInitialize) + "\r\n" + waiting + "\n" +
                                        call_of("test_tool_with_progress", R"(,"_meta":{"progressToken":"p"})") + "\n" +
                                        cancel + "\n{\n");

  REQUIRE(messages.size() == 6);
  CHECK(messages[0].at("result").at("serverInfo").at("name") == "codehelper");
  // A line that is no message is answered at once, whatever is being told of calls.
  const auto is_refusal = [](const json::object& message) { return message.contains("error"); };
  const auto refusal = std::ranges::find_if(messages, is_refusal);
  REQUIRE(refusal != messages.end());
  CHECK(refusal->at("error").at("code") == -32700);
  std::vector<json::value> progress;
  for (const json::object& message : messages) {
    if (message.contains("params")) progress.push_back(message.at("params").at("progress"));
  }
  CHECK(progress == std::vector<json::value>{1, 2, 3});
  CHECK(messages[5].at("id") == 7);
  CHECK(tools.calls == std::vector<std::string>{"test_wait", "test_tool_with_progress"});
}
