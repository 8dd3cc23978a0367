// A chat answer for any door: asked, counted, logged, kept in its conversation, and as JSON.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>
#include <utility>

#include "codehelper/api/routes.hpp"

namespace codehelper {

/// {"response","sources","steps","conversation_id","outcome","model","usage","edits","receipts","notes","index"?}.
boost::json::object to_json(const ChatAnswer& answer);

struct NamedEvent {
  std::string_view name;  // plan, step, tool_call, tool_result, token, output, citation, usage
  boost::json::object data;
};
NamedEvent name_event(const CrewEvent& event);

/// Asks the crew. Writes one `crew_run_summary`, and the turn into its conversation; that this failed is a note of the
/// answer. Errors: cancelled, timeout.
Task<Result<ChatAnswer>> answer_chat(ApiServices& services, RequestContext context, ChatRequest request,
                                     CrewSink on_event);

}  // namespace codehelper
