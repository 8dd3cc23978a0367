// Messages of the Model Context Protocol from strangers: each has one answer, which is a message too.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mcp_protocol.hpp"

using namespace codehelper;
namespace json = boost::json;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void check_reply(const McpReply& reply) {
  if (!reply.message) return check(reply.http_status == 202);
  const json::object& message = *reply.message;
  check(message.at("jsonrpc") == "2.0" && message.contains("id"));
  check(message.contains("result") != message.contains("error"));
  check(json::parse(json::serialize(message)) == json::value(message));
}

}  // namespace

// The first byte says which headers come along; the first line is their value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  const auto flags = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string value(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  McpHeaders headers;
  if ((flags & 1U) != 0) headers.protocol_version = (flags & 2U) != 0 ? value : "2026-07-28";
  if ((flags & 4U) != 0) headers.method = (flags & 2U) != 0 ? value : "tools/call";
  if ((flags & 8U) != 0) headers.name = value;
  if ((flags & 16U) != 0) headers.session = value;

  McpTool tool;
  tool.name = "grep";
  const McpProtocol protocol("", {tool});
  const McpStep step = protocol.take(text, (flags & 32U) != 0 ? nullptr : &headers, ScopeSet::all());
  if (const auto* reply = std::get_if<McpReply>(&step)) check_reply(*reply);
  if (const auto* call = std::get_if<McpCall>(&step)) {
    check(call->tool == "grep");
    check(McpProtocol::answer(*call, make_mcp_failure("no")).at("id") == call->id);
  }
  return 0;
}
