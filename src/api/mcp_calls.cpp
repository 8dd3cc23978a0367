#include "mcp_calls.hpp"

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/json_text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::string_view kProgressEvent = "progress";

Task<Result<json::object>> call_tool(McpTools& tools, RequestContext context, McpCall call, ChatRun& run) {
  McpProgress tell = [](std::string_view) {};
  if (!call.progress_token.is_null()) {
    // Shared: a tool may hand copies on to those who know how far it is.
    tell = [&run, call, number = std::make_shared<std::uint64_t>(0)](std::string_view message) {
      run.push(kProgressEvent, McpProtocol::progress(call, ++*number, message));
    };
  }
  auto result = co_await tools.call(context, call.tool, call.arguments, std::move(tell));
  if (!result && result.error().code == ErrorCode::cancelled) co_return std::unexpected(result.error());
  if (!result) context.log.error("mcp_call_failed", {{"tool", call.tool}, {"cause", result.error().message}});
  if (!result) co_return McpProtocol::answer_failure(call);
  co_return McpProtocol::answer(call, std::move(*result));
}

/// 1 and "1" are two ids.
std::string name_call(const std::string& session, const json::value& request_id) {
  return session + " " + to_json_text(request_id);
}

}  // namespace

std::shared_ptr<ChatRun> start_mcp_call(ChatRuns& runs, McpTools& tools, RequestContext context, McpCall call,
                                        OnDisconnect on_disconnect) {
  ChatRun::Work work = [&tools, asked = std::move(call)](RequestContext inner, ChatRun& run) {
    return call_tool(tools, std::move(inner), asked, run);
  };
  return runs.start(std::move(context), on_disconnect, {}, std::move(work));
}

std::string make_mcp_message(const McpCall& call, const RunEvent& event) {
  if (event.name == kProgressEvent || event.name == "done") return event.data;
  if (event.name != "error") return {};
  const json::object error = parse_json_object(event.data).value_or(json::object());
  if (text_in(error, "error") == to_string(ErrorCode::cancelled)) return {};
  return to_json_text(McpProtocol::answer_failure(call));
}

void McpSessionCalls::add(const std::string& session, const json::value& request_id, const ChatRun& run) {
  std::erase_if(run_ids_, [this](const auto& entry) { return runs_.find(entry.second) == nullptr; });
  run_ids_[name_call(session, request_id)] = run.id();
}

void McpSessionCalls::cancel(const std::string& session, const json::value& request_id) {
  const auto found = run_ids_.find(name_call(session, request_id));
  if (found == run_ids_.end()) return;
  const auto run = runs_.find(found->second);
  if (run != nullptr) ChatRuns::stop(*run);
}

}  // namespace codehelper
