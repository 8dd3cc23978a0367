// JSON as text for people and plain parsers too.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace codehelper {

/// As boost::json::serialize(), which writes every fraction as 4.8E-1; here it is 0.48.
std::string to_json_text(const boost::json::value& value);

}  // namespace codehelper
