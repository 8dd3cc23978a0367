// Reads typed fields from foreign JSON. Every error names the field. An absent field and an explicit null are the same.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"

namespace codehelper {

/// Errors: malformed when `text` is no JSON (nesting over 32 levels included), invalid_field when it is no object.
Result<boost::json::object> parse_json_object(std::string_view text);

/// Errors of all below: invalid_field, with the field's name and what was expected.
Result<std::string> required_string(const boost::json::object& object, std::string_view field);
/// A string that is not blank.
Result<std::string> required_text(const boost::json::object& object, std::string_view field);
Result<std::optional<std::string>> optional_string(const boost::json::object& object, std::string_view field);
Result<std::optional<bool>> optional_bool(const boost::json::object& object, std::string_view field);
/// A whole number within [minimum, maximum]; 5.0 counts as 5.
Result<std::optional<std::int64_t>> optional_integer(const boost::json::object& object, std::string_view field,
                                                     std::int64_t minimum, std::int64_t maximum);
Result<std::optional<std::vector<std::string>>> optional_strings(const boost::json::object& object,
                                                                 std::string_view field);
Result<std::map<std::string, std::string>> optional_string_map(const boost::json::object& object,
                                                               std::string_view field);

/// Read leniently: what is missing or of another type counts as empty, or as `otherwise`. A count is a whole number
/// from 0.
std::string text_in(const boost::json::object& object, std::string_view field);
std::uint64_t count_in(const boost::json::object& object, std::string_view field, std::uint64_t otherwise = 0);

}  // namespace codehelper
