// What the requests of all model servers have in common.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string_view>

#include "codehelper/agents/language_model.hpp"

namespace codehelper {

std::string_view to_string(MessageRole role);

/// What the model wrote; when that is no JSON object, an object that quotes it: servers refuse a conversation with
/// malformed arguments.
boost::json::object arguments_object(const ToolCall& call);

/// [{"type":"function","function":{"name","description","parameters"}}], as both APIs have it.
boost::json::array tools_array(const std::vector<ToolSpec>& tools);

}  // namespace codehelper
