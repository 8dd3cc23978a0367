// Checks what an answer says: the places it cites against the files of now, and that tests passed against receipts.
#pragma once

#include <string>

#include "codehelper/agents/crew.hpp"
#include "codehelper/agents/tool_box.hpp"

namespace codehelper {

/// Fills the answer's sources with the places that its text cites, each once, and marks in the text what can't be
/// verified and what no receipt backs. A place is verified when its lines are in the file now and the crew has read
/// just these lines, or when they hold a name that stands in backticks before it. Errors: cancelled.
Task<Result<void>> check_claims(RequestContext context, ToolBox& tools, ChatAnswer& answer, const CrewSink& on_event);

}  // namespace codehelper
