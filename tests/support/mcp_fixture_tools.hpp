// The tools that the conformance suites of the Model Context Protocol ask for by name.
#pragma once

#include <boost/json/parse.hpp>

#include <array>
#include <string>
#include <string_view>

#include "codehelper/api/mcp.hpp"

namespace codehelper::test {

class McpFixtureTools final : public McpTools {
 public:
  std::string instructions() const override { return "tools for tests"; }

  std::vector<McpTool> list() const override {
    std::vector<McpTool> tools;
    for (const std::string_view name : kNames) {
      McpTool tool;
      tool.name = name;
      tool.title = name;
      tool.description = "a fixture";
      tool.input_schema = {{"type", "object"}, {"properties", boost::json::object()}};
      if (name == "json_schema_2020_12_tool") tool.input_schema = boost::json::parse(kManyKeywords).as_object();
      tool.output_schema = {{"type", "object"}};
      tools.push_back(std::move(tool));
    }
    return tools;
  }

  Task<Result<McpToolResult>> call(RequestContext, std::string name, boost::json::object arguments,
                                   McpProgress on_progress) override {
    calls.push_back(name);
    if (name == "test_error_handling") {
      co_return make_mcp_failure("This tool intentionally returns an error for testing");
    }
    if (name == "test_tool_with_progress") {
      for (const char* part : {"0", "50", "100"}) {
        on_progress(part);
        const auto slept = co_await sleep_for(std::chrono::milliseconds(5));
        if (!slept) co_return std::unexpected(slept.error());
      }
    }
    if (name == "test_wait") {
      const auto slept = co_await sleep_for(std::chrono::minutes(5));
      ++cancelled;
      co_return std::unexpected(slept.error());
    }
    if (name == "test_wrong") co_return fail(ErrorCode::internal, "the detail");
    McpToolResult result = make_mcp_result({{"name", name}, {"arguments", std::move(arguments)}});
    if (name == "test_simple_text")
      result.content[0].as_object()["text"] = "This is a simple text response for testing.";
    add_media(name, result);
    co_return result;
  }

  std::vector<std::string> calls;
  int cancelled = 0;

 private:
  static constexpr auto kNames =
      std::to_array<std::string_view>({"json_schema_2020_12_tool", "test_audio_content", "test_embedded_resource",
                                       "test_error_handling", "test_image_content", "test_multiple_content_types",
                                       "test_simple_text", "test_tool_with_progress", "test_wait", "test_wrong"});

  static constexpr std::string_view kManyKeywords = R"({"$schema":"https://json-schema.org/draft/2020-12/schema",
      "type":"object","$defs":{"address":{"type":"object","properties":{"street":{"type":"string"},
      "city":{"type":"string"}}}},"properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"}},
      "additionalProperties":false})";

  static void add_media(std::string_view name, McpToolResult& result) {
    constexpr const char* kPng =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const bool has_many = name == "test_multiple_content_types";
    if (name == "test_image_content" || has_many) {
      result.content.push_back({{"type", "image"}, {"data", kPng}, {"mimeType", "image/png"}});
    }
    if (name == "test_audio_content") {
      result.content.push_back({{"type", "audio"}, {"data", "UklGRiQAAABXQVZF"}, {"mimeType", "audio/wav"}});
    }
    if (name == "test_embedded_resource" || has_many) {
      boost::json::object resource{{"uri", "test://embedded-resource"}, {"mimeType", "text/plain"}, {"text", "a text"}};
      result.content.push_back({{"type", "resource"}, {"resource", std::move(resource)}});
    }
    const bool is_media = result.content.size() > 1;
    if (is_media && !has_many) result.content.erase(result.content.begin());
  }
};

}  // namespace codehelper::test
