// POST /execute on the wire: the request and the answer, to and from JSON, in one place for both ends.
#pragma once

#include <boost/json/object.hpp>

#include "codehelper/execute/child_process.hpp"
#include "codehelper/execute/command_policy.hpp"

namespace codehelper {

/// The name of the error of a run whose patch doesn't apply; it comes with status 422.
inline constexpr std::string_view kPatchDoesNotApply = "patch_does_not_apply";

boost::json::object to_json(const ExecuteRequest& request);
/// Form only; the policy judges the content. timeout_seconds is a number from 1 to 3600, fractions allowed.
/// Errors: invalid_field, which names the field.
Result<ExecuteRequest> parse_execute_request(const boost::json::object& object);

boost::json::object to_json(const CommandResult& result);
/// exit_code, stdout, stderr and duration_seconds must be there; the rest is taken when it is. Errors: invalid_field.
Result<CommandResult> parse_command_result(const boost::json::object& object);

}  // namespace codehelper
