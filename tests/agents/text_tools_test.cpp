#include "agents/text_tools.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace codehelper;

namespace {

struct Filtered {
  std::string text;
  std::string calls;  // "name{arguments};"
};

Filtered filter(std::string_view text, std::size_t piece_bytes) {
  TextCallFilter filter({"grep", "read_lines"});
  Filtered filtered;
  for (std::size_t at = 0; at < text.size(); at += piece_bytes)
    filtered.text += filter.feed(text.substr(at, piece_bytes));
  filtered.text += filter.end();
  for (const ToolCall& call : filter.calls()) filtered.calls += call.name + call.arguments + ";";
  return filtered;
}

void check_filtered(std::string_view text, std::string_view expected_text, std::string_view expected_calls) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, text.size()}) {
    CAPTURE(text, piece);
    const Filtered filtered = filter(text, piece);
    CHECK(filtered.text == expected_text);
    CHECK(filtered.calls == expected_calls);
  }
}

const ToolSpec kGrep{"grep", "Searches.", {{"type", "object"}}};

}  // namespace

TEST_CASE("text calls: tagged calls are taken out, and nothing after them is text") {
  check_filtered(
      "I look.\n<tool_call>\n{\"name\": \"grep\", \"arguments\": {\"q\": \"a\"}}\n</tool_call>\n"
      "<tool_call>{\"name\":\"grep\",\"arguments\":{\"q\":\"</tool_call>\"}}</tool_call>\nThe result is 7.",
      "I look.\n", R"(grep{"q":"a"};grep{"q":"</tool_call>"};)");
}

TEST_CASE("text calls: a tag that is never closed is a call too") {
  check_filtered("<tool_call>{\"name\":\"grep\",\"arguments\":{}}", "", "grep{};");
}

TEST_CASE("text calls: inside the tags any name will do, and lists of calls") {
  check_filtered(
      "<tool_call>[{\"name\":\"frob\",\"parameters\":{}},{\"function\":{\"name\":\"grep\",\"arguments\":"
      "\"{}\"}}]</tool_call>",
      "", "frob{};grep{};");
}

TEST_CASE("text calls: a fence or a bare object counts when it names a known tool") {
  check_filtered("So:\n```json\n{\"name\":\"grep\",\"arguments\":{\"q\":1}}\n```\n", "So:\n", R"(grep{"q":1};)");
  check_filtered("{\"name\":\"read_lines\",\"arguments\":{\"path\":\"a\"}}", "", R"(read_lines{"path":"a"};)");
}

TEST_CASE("text calls: other JSON, code and marks are text, byte for byte") {
  for (const std::string text : {
           "{\"name\":\"package\",\"arguments\":{}}\n",
           "```json\n{\"name\": \"grep\"}\n```\nand more",
           "```cpp\n{\n  int a = 1;\n}\n```\n",
           "int f()\n{\n  return g();\n}\n",
           "a < b, <tool, `` and ``` end",
           "{\"open",
           "  {\"a\":1}\n<tool_call> is a mark",
           "see `{\"name\":\"grep\",\"arguments\":{}}` there",
           "<tool_call>{\"nome\":\"grep\"}</tool_call> it says",
           "",
       }) {
    check_filtered(text, text, "");
  }
}

TEST_CASE("text calls: damaged JSON inside the tags is a call whose arguments show the damage") {
  check_filtered("<tool_call>{\"name\": \"grep\", \"arguments\": {\"q\": }}</tool_call>", "", R"(grep{"q": }};)");
}

TEST_CASE("text calls: text is given out as soon as it can be no call") {
  TextCallFilter filter({"grep"});

  CHECK(filter.feed("Hello <") == "Hello ");
  CHECK(filter.feed("b> world") == "<b> world");
  CHECK(filter.feed("\n{") == "\n");
  CHECK(filter.feed("\n int") == "{\n int");
}

TEST_CASE("text calls: without tools everything is text at once") {
  TextCallFilter filter({});

  CHECK(filter.feed("<tool_call>{") == "<tool_call>{");
}

TEST_CASE("text tools: tools, calls and results become plain messages of alternating roles") {
  ModelRequest request;
  request.messages = {{MessageRole::system, "Be brief."},
                      {MessageRole::user, "Where?"},
                      {MessageRole::assistant, "", {{"a", "grep", R"({"q":1})"}, {"b", "grep", "{}"}}},
                      {MessageRole::tool, "one", {}, "a", "grep"},
                      {MessageRole::tool, "two", {}, "b", "grep"}};
  request.tools = {kGrep};

  const ModelRequest plain = write_tools_as_text(request);

  REQUIRE(plain.messages.size() == 4);
  CHECK(plain.tools.empty());
  CHECK_THAT(plain.messages[0].content, Catch::StartsWith("Be brief.\n\n") && Catch::Contains("\"name\":\"grep\""));
  CHECK(plain.messages[2].tool_calls.empty());
  CHECK_THAT(plain.messages[2].content, Catch::Contains(R"({"name":"grep","arguments":{"q":1}})"));
  CHECK(plain.messages[3].role == MessageRole::user);
  CHECK_THAT(plain.messages[3].content, Catch::Contains("one") && Catch::Contains("two"));
}

TEST_CASE("text tools: a schema becomes a wish in a system message") {
  ModelRequest request;
  request.messages = {{MessageRole::user, "Plan."}};
  request.schema = boost::json::object{{"type", "object"}};

  const ModelRequest plain = write_schema_as_text(request);

  REQUIRE(plain.messages.size() == 2);
  CHECK(plain.messages[0].role == MessageRole::system);
  CHECK_THAT(plain.messages[0].content, Catch::Contains(R"({"type":"object"})"));
  CHECK_FALSE(plain.schema);
}
