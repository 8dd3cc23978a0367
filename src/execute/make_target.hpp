// Which of its usual test targets a Makefile has.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace codehelper {

/// "test", else "check", when the text has a rule for it (GNU make manual, "Rule Syntax"): among other targets, with
/// one colon or two, or as a .PHONY target whose rule is in an included file. Pure; included files are not read.
std::optional<std::string> find_test_target(std::string_view makefile);

}  // namespace codehelper
