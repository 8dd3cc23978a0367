// The Runner's part of a chat that asks for a run of the tests.
#pragma once

#include <string>

#include "codehelper/agents/crew.hpp"

namespace codehelper {

struct TestRun {
  std::string text;      // Markdown, for the answer
  std::string sentence;  // for the step, and for a model
  std::string output;    // the end of what it wrote, secrets masked
  std::optional<Receipt> receipt;
};

/// Runs the project's usual test command. What keeps it from running is said in the result. Errors: cancelled.
Task<Result<TestRun>> run_usual_tests(RequestContext context, const Crew::Parts& parts, Project project,
                                      OutputSink on_output);

}  // namespace codehelper
