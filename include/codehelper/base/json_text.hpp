// JSON as text for people and plain parsers too.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace codehelper {

/// As boost::json::serialize(), which writes every fraction as 4.8E-1; here it is 0.48.
std::string to_json_text(const boost::json::value& value);
/// The same at the end of `text`; a string in quotes.
void append_json(std::string& text, const boost::json::value& value);
void append_json(std::string& text, std::string_view string);

}  // namespace codehelper
