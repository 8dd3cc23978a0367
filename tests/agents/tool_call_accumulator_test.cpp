#include "agents/tool_call_accumulator.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace codehelper;

namespace {

std::vector<ToolCall> accumulate(const std::vector<std::string>& entries) {
  ToolCallAccumulator calls;
  for (const std::string& entry : entries) calls.add(boost::json::parse(entry));
  return calls.finish();
}

std::string arguments_of(const std::vector<ToolCall>& calls) {
  std::string text;
  for (const ToolCall& call : calls) text += call.name + call.arguments + ";";
  return text;
}

}  // namespace

TEST_CASE("tool calls: fragments of one index are one call, which keeps its first id and name") {
  const auto calls = accumulate({R"({"index":0,"id":"a","function":{"name":"grep","arguments":""}})",
                                 R"({"index":0,"id":"","function":{"name":"grep","arguments":"{\"q\""}})",
                                 R"({"index":0,"id":null,"function":{"arguments":":1}"}})"});

  CHECK(calls == std::vector<ToolCall>{{"a", "grep", R"({"q":1})"}});
}

TEST_CASE("tool calls: fragments of several calls may alternate") {
  const auto calls =
      accumulate({R"({"index":0,"id":"a","function":{"name":"grep","arguments":"{\"q\":"}})",
                  R"({"index":1,"id":"b","function":{"name":"list","arguments":"{\"d\":"}})",
                  R"({"index":0,"function":{"arguments":"1}"}})", R"({"index":1,"function":{"arguments":"2}"}})"});

  CHECK(calls == std::vector<ToolCall>{{"a", "grep", R"({"q":1})"}, {"b", "list", R"({"d":2})"}});
}

TEST_CASE("tool calls: a new id begins a call though its index is that of another") {
  const auto calls = accumulate({R"({"index":0,"id":"a","function":{"name":"grep","arguments":"{\"q\":1}"}})",
                                 R"({"index":0,"id":"b","function":{"name":"grep","arguments":"{\"q\":2}"}})"});

  CHECK(calls == std::vector<ToolCall>{{"a", "grep", R"({"q":1})"}, {"b", "grep", R"({"q":2})"}});
}

TEST_CASE("tool calls: an id finds its call when every index is the same") {
  const auto calls = accumulate({R"({"index":0,"id":"a","function":{"name":"grep","arguments":"{\"q\":"}})",
                                 R"({"index":0,"id":"b","function":{"name":"list","arguments":"{\"d\":"}})",
                                 R"({"index":0,"id":"a","function":{"arguments":"1}"}})",
                                 R"({"index":0,"id":"b","function":{"arguments":"2}"}})"});

  CHECK(arguments_of(calls) == R"(grep{"q":1};list{"d":2};)");
}

TEST_CASE("tool calls: without ids a name begins a call once the arguments before it are whole") {
  const auto calls =
      accumulate({R"({"index":0,"function":{"name":"grep","arguments":"{\"q\":1}"}})",
                  R"({"index":0,"function":{"name":"grep","arguments":"{\"q\":2}"}})",
                  R"({"function":{"name":"list","arguments":{"d":3}}})", R"({"index":0,"function":{"name":"now"}})",
                  R"({"index":0,"function":{"name":"here","arguments":""}})"});

  CHECK(arguments_of(calls) == R"(grep{"q":1};grep{"q":2};list{"d":3};now{};here{};)");
}

TEST_CASE("tool calls: a name that is only repeated begins none") {
  const auto calls = accumulate({R"({"index":0,"function":{"name":"grep","arguments":"{\"q\":"}})",
                                 R"({"index":0,"function":{"name":"grep","arguments":"1}"}})",
                                 R"({"index":0,"function":{"name":"grep","arguments":""}})"});

  CHECK(arguments_of(calls) == R"(grep{"q":1};)");
}

TEST_CASE("tool calls: an index that is missing goes on with the last call") {
  const auto calls = accumulate(
      {R"({"id":"a","function":{"name":"grep","arguments":"{\"q\":"}})", R"({"function":{"arguments":"1}"}})"});

  CHECK(calls == std::vector<ToolCall>{{"a", "grep", R"({"q":1})"}});
}

TEST_CASE("tool calls: no arguments are an empty object, whatever they are written as") {
  for (const std::string written : {R"("")", "null", R"("null")", R"("  ")", "{}"}) {
    const auto calls = accumulate({R"({"index":0,"id":"a","function":{"name":"now","arguments":)" + written + "}}"});

    CHECK(calls == std::vector<ToolCall>{{"a", "now", "{}"}});
  }
}

TEST_CASE("tool calls: an empty object that comes before the true arguments gives way to them") {
  const auto calls =
      accumulate({R"({"index":0,"id":"a","function":{"name":"grep","arguments":"{}"}})",
                  R"({"index":0,"function":{"arguments":"{\"q\""}})", R"({"index":0,"function":{"arguments":":1}"}})"});

  CHECK(calls == std::vector<ToolCall>{{"a", "grep", R"({"q":1})"}});
}

TEST_CASE("tool calls: arguments that are no JSON are kept as they are") {
  const auto calls = accumulate({R"({"index":0,"id":"a","function":{"name":"grep","arguments":"{q: one"}})"});

  CHECK(calls == std::vector<ToolCall>{{"a", "grep", "{q: one"}});
}

TEST_CASE("tool calls: each has an id of its own, made where the server gave none or one twice") {
  const auto calls = accumulate({R"({"index":0,"id":"a","function":{"name":"x","arguments":"{}"}})",
                                 R"({"index":1,"id":"a","function":{"name":"y","arguments":"{}"}})",
                                 R"({"index":2,"function":{"name":"z","arguments":"{}"}})"});

  REQUIRE(calls.size() == 3);
  CHECK(calls[0].id == "a");
  CHECK(calls[1].id != "a");
  CHECK(calls[1].id.size() == 9);
  CHECK(calls[2].id.size() == 9);
  CHECK(calls[1].id != calls[2].id);
}

TEST_CASE("tool calls: what is no call is passed over") {
  CHECK(accumulate({}).empty());
  CHECK(accumulate({"7", "null", "[]", "{}", R"({"index":0,"function":{}})"}).empty());
  CHECK(accumulate({R"({"index":"one","id":7,"function":{"name":"x","arguments":"{}"}})"}).size() == 1);
}
