// The table of the Model Context Protocol: which message gets which answer, in both eras.
#include <catch2/catch.hpp>

#include "mcp_protocol.hpp"
#include "support/mcp_fixture_tools.hpp"

using namespace codehelper;
namespace json = boost::json;

namespace {

constexpr const char* kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

McpProtocol make_protocol() {
  const test::McpFixtureTools tools;
  return {tools.instructions(), tools.list()};
}

McpHeaders modern_headers(const char* method) {
  McpHeaders headers;
  headers.protocol_version = "2026-07-28";
  headers.method = method;
  return headers;
}

std::string modern(const std::string& method, const std::string& more = "") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + more + kMeta + "}}";
}

struct Answered {
  int status = 0;
  std::int64_t code = 0;  // 0 = a result
  json::object message;
};

Answered take(const std::string& text, const McpHeaders* headers) {
  const McpStep step = make_protocol().take(text, headers, ScopeSet::all());
  const auto* reply = std::get_if<McpReply>(&step);
  REQUIRE(reply != nullptr);
  Answered answered{reply->http_status, 0, reply->message.value_or(json::object())};
  if (answered.message.contains("error")) answered.code = answered.message.at("error").at("code").as_int64();
  return answered;
}

}  // namespace

TEST_CASE("mcp: what is no message is told by code and status") {
  struct Example {
    const char* text;
    std::int64_t code;
    json::value id;
  };
  const McpHeaders headers;
  for (const Example& example : std::vector<Example>{
           {"{", -32700, nullptr},
           {"", -32700, nullptr},
           {"[]", -32600, nullptr},
           {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", -32600, nullptr},
           {"1", -32600, nullptr},
           {R"({"id":1,"method":"ping"})", -32600, 1},
           {R"({"jsonrpc":"1.0","id":1,"method":"ping"})", -32600, 1},
           {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", -32600, nullptr},
           {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600, nullptr},
           {R"({"jsonrpc":"2.0","id":"a"})", -32600, "a"},
           {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", -32602, 1},
       }) {
    CAPTURE(example.text);
    for (const McpHeaders* over : {&headers, static_cast<const McpHeaders*>(nullptr)}) {
      const Answered answered = take(example.text, over);
      CHECK(answered.status == 400);
      CHECK(answered.code == example.code);
      CHECK(answered.message.at("id") == example.id);
    }
  }
}

TEST_CASE("mcp: notifications and answers are taken without a word") {
  for (const char* text : {R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
                           R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{}})",
                           R"({"jsonrpc":"2.0","id":1,"result":{}})"}) {
    const Answered answered = take(text, nullptr);
    CHECK(answered.status == 202);
    CHECK(answered.message.empty());
  }
  const McpStep step = make_protocol().take(
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"7"}})", nullptr, ScopeSet::all());
  REQUIRE(std::holds_alternative<McpCancel>(step));
  CHECK(std::get<McpCancel>(step).request_id == "7");
}

TEST_CASE("mcp: the legacy era initializes with the version that is asked for, or the newest") {
  const McpHeaders headers;
  for (const auto& [asked, given] : std::vector<std::pair<std::string, std::string>>{
           {"2025-11-25", "2025-11-25"}, {"2025-06-18", "2025-06-18"}, {"1.0", "2025-11-25"}}) {
    const McpStep step = make_protocol().take(
        R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" + asked + "\"}}", &headers,
        ScopeSet::all());
    const auto& reply = std::get<McpReply>(step);
    CHECK(reply.begins_session);
    CHECK(reply.message->at("id") == 0);
    CHECK(reply.message->at("result").at("protocolVersion").as_string() == given);
    CHECK(reply.message->at("result").at("capabilities") == json::object{{"tools", json::object()}});
  }
  CHECK(take(R"({"jsonrpc":"2.0","id":"x","method":"ping"})", &headers).message ==
        json::object{{"jsonrpc", "2.0"}, {"id", "x"}, {"result", json::object()}});
  const Answered unknown = take(R"({"jsonrpc":"2.0","id":1,"method":"resources/list"})", &headers);
  CHECK(unknown.status == 200);
  CHECK(unknown.code == -32601);
}

TEST_CASE("mcp: the legacy era refuses a version or session that it can't know") {
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  McpHeaders headers;
  headers.protocol_version = "1999-01-01";
  CHECK(take(list, &headers).status == 400);
  headers.protocol_version = "2025-06-18";
  headers.session = "made-up";
  CHECK(take(list, &headers).status == 404);
  headers.session = make_mcp_session_id("0123");
  CHECK(take(list, &headers).status == 200);
}

TEST_CASE("mcp: the modern era validates in the order of the specification") {
  struct Example {
    const char* what;
    std::string text;
    McpHeaders headers;
    int status;
    std::int64_t code;
  };
  McpHeaders no_version = modern_headers("tools/list");
  no_version.protocol_version.reset();
  McpHeaders other_version = modern_headers("tools/list");
  other_version.protocol_version = "2025-11-25";
  McpHeaders future = modern_headers("tools/list");
  future.protocol_version = "2099-01-01";
  McpHeaders no_method = modern_headers("tools/list");
  no_method.method.reset();
  McpHeaders wrong_name = modern_headers("tools/call");
  wrong_name.name = "other";
  McpHeaders unknown_tool = modern_headers("tools/call");
  unknown_tool.name = "nothing";
  const std::string no_meta = R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}})";
  const std::string no_capabilities =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
  std::string of_future = modern("tools/list");
  of_future.replace(of_future.find("2026-07-28"), 10, "2099-01-01");
  const std::string call = modern("tools/call", R"("name":"test_simple_text",)");
  for (const Example& example : std::vector<Example>{
           {"no version header", modern("tools/list"), no_version, 400, -32020},
           {"no _meta", no_meta, modern_headers("tools/list"), 400, -32602},
           {"no capabilities", no_capabilities, modern_headers("tools/list"), 400, -32602},
           {"another version", modern("tools/list"), other_version, 400, -32020},
           {"no method header", modern("tools/list"), no_method, 400, -32020},
           {"another method", modern("tools/list"), modern_headers("Tools/List"), 400, -32020},
           {"no name header", call, modern_headers("tools/call"), 400, -32020},
           {"another name", call, wrong_name, 400, -32020},
           {"unsupported version", of_future, future, 400, -32022},
           {"removed method", modern("ping"), modern_headers("ping"), 404, -32601},
           {"initialize", modern("initialize"), modern_headers("initialize"), 404, -32601},
           {"unknown tool", modern("tools/call", R"("name":"nothing",)"), unknown_tool, 200, -32602},
           {"cursor", modern("tools/list", R"("cursor":"x",)"), modern_headers("tools/list"), 400, -32602},
       }) {
    CAPTURE(example.what);
    const Answered answered = take(example.text, &example.headers);
    CHECK(answered.status == example.status);
    CHECK(answered.code == example.code);
    CHECK(answered.message.at("id") == 1);
  }
  const json::value data = take(of_future, &future).message.at("error").at("data");
  CHECK(data == json::object{{"supported", {"2026-07-28", "2025-11-25"}}, {"requested", "2099-01-01"}});
}

TEST_CASE("mcp: the modern era says how long a list may be kept, and who answers") {
  const McpHeaders discover = modern_headers("server/discover");
  const McpHeaders list = modern_headers("tools/list");
  for (const Answered& answered : {take(modern("server/discover"), &discover), take(modern("tools/list"), &list),
                                   take(modern("tools/list"), nullptr)}) {
    REQUIRE(answered.code == 0);
    const json::object& result = answered.message.at("result").as_object();
    CHECK(result.at("resultType") == "complete");
    CHECK(result.at("ttlMs") == 3'600'000);
    CHECK(result.at("cacheScope") == "public");
    CHECK(result.at("_meta").at("io.modelcontextprotocol/serverInfo").at("name") == "codehelper");
  }
}

TEST_CASE("mcp: the list has the tools that the caller may call, and then only he may keep it") {
  McpTool searching;
  searching.name = "search_code";
  searching.scope = Scope::read;
  McpTool running;
  running.name = "run_tests";
  running.scope = Scope::run;
  const McpProtocol protocol("", {searching, running});
  const McpHeaders headers = modern_headers("tools/list");
  const auto list = [&](ScopeSet scopes) {
    const McpStep step = protocol.take(modern("tools/list"), &headers, scopes);
    return std::get<McpReply>(step).message.value().at("result").as_object();
  };

  const json::object whole = list(ScopeSet::all());
  const json::object part = list(Scope::read);

  CHECK(whole.at("tools").as_array().size() == 2);
  CHECK(whole.at("cacheScope") == "public");
  REQUIRE(part.at("tools").as_array().size() == 1);
  CHECK(part.at("tools").at(0).at("name") == "search_code");
  CHECK(part.at("cacheScope") == "private");
}

TEST_CASE("mcp: a call carries its arguments and its token, and a name may come encoded") {
  McpHeaders headers = modern_headers("tools/call");
  headers.name = "=?base64?dGVzdF9zaW1wbGVfdGV4dA==?=";
  std::string text = modern("tools/call", R"("name":"test_simple_text","arguments":{"a":1},)");
  text.insert(text.find(R"("io.modelcontextprotocol/protocolVersion")"), R"("progressToken":"t",)");

  const McpStep step = make_protocol().take(text, &headers, ScopeSet::all());

  REQUIRE(std::holds_alternative<McpCall>(step));
  const auto& call = std::get<McpCall>(step);
  CHECK(call.era == McpEra::modern);
  CHECK(call.tool == "test_simple_text");
  CHECK(call.arguments == json::object{{"a", 1}});
  CHECK(McpProtocol::progress(call, 3, "half").at("params") ==
        json::object{{"progressToken", "t"}, {"progress", 3}, {"message", "half"}});
  CHECK(take(modern("tools/call", R"("name":"test_wait","arguments":[],)"), nullptr).code == -32602);
}
