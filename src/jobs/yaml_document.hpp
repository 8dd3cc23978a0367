// YAML as JSON, which everything else here reads: kubeconfig files and the Job's template.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "codehelper/base/error.hpp"

namespace codehelper {

/// The one document of `text` that is not empty; it must be a mapping. Plain scalars are typed as Kubernetes' own tools
/// type them (0444 is octal). Errors: malformed, with the line and never with the text: it may be a secret. Aliases
/// that blow up, nesting over 64 levels and merge keys ("<<") are refused.
Result<boost::json::object> parse_yaml_object(std::string_view text);

}  // namespace codehelper
