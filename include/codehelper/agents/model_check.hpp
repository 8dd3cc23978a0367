// Whether the configured model can do what the crew needs: for `codehelper doctor` and GET /doctor.
#pragma once

#include <string>
#include <vector>

#include "codehelper/agents/language_model.hpp"

namespace codehelper {

struct ModelCheck {
  std::string subject;  // "llm", "llm answers", "llm tools", "llm context"
  std::string state;    // what was found
  std::string fix;      // empty = all is well
};

/// Asks the model three questions: a short answer, a call of a tool, and a word that stands at the front of a prompt as
/// long as its context (up to a limit, since that costs time and money). Ends after the first when it isn't answered.
/// Errors are findings.
Task<std::vector<ModelCheck>> check_model(RequestContext context, LanguageModel& model);

}  // namespace codehelper
