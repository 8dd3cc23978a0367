#include "codehelper/base/json_fields.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "codehelper/base/text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

// Null for an absent field and for an explicit null.
const json::value* find(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_null() ? nullptr : value;
}

std::unexpected<Error> wrong_type(std::string_view field, std::string_view expected) {
  return fail(ErrorCode::invalid_field, fmt::format("field \"{}\" must be {}", field, expected));
}

}  // namespace

Result<json::object> parse_json_object(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 32;
  json::value value = json::parse(text, error, {}, options);
  if (error) return fail(ErrorCode::malformed, "the body is not valid JSON: " + error.message());
  if (!value.is_object()) return fail(ErrorCode::invalid_field, "the body must be a JSON object");
  return std::move(value.as_object());
}

Result<std::string> required_string(const json::object& object, std::string_view field) {
  auto value = optional_string(object, field);
  if (!value) return std::unexpected(value.error());
  if (!*value) return fail(ErrorCode::invalid_field, fmt::format("field \"{}\" is missing", field));
  return std::move(**value);
}

Result<std::string> required_text(const json::object& object, std::string_view field) {
  auto value = required_string(object, field);
  if (value && is_blank(*value)) {
    return fail(ErrorCode::invalid_field, fmt::format("field \"{}\" must not be blank", field));
  }
  return value;
}

Result<std::optional<std::string>> optional_string(const json::object& object, std::string_view field) {
  const json::value* value = find(object, field);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return wrong_type(field, "a string");
  return std::string(value->as_string());
}

Result<std::optional<bool>> optional_bool(const json::object& object, std::string_view field) {
  const json::value* value = find(object, field);
  if (value == nullptr) return std::nullopt;
  if (!value->is_bool()) return wrong_type(field, "true or false");
  return value->as_bool();
}

Result<std::optional<std::int64_t>> optional_integer(const json::object& object, std::string_view field,
                                                     std::int64_t minimum, std::int64_t maximum) {
  const json::value* value = find(object, field);
  if (value == nullptr) return std::nullopt;
  json::error_code error;
  const auto number = value->is_number() ? value->to_number<std::int64_t>(error) : std::int64_t{0};
  if (!value->is_number() || error || number < minimum || number > maximum) {
    return wrong_type(field, fmt::format("a whole number from {} to {}", minimum, maximum));
  }
  return number;
}

Result<std::optional<std::vector<std::string>>> optional_strings(const json::object& object, std::string_view field) {
  const json::value* value = find(object, field);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array()) return wrong_type(field, "a list of strings");
  std::vector<std::string> strings;
  for (const json::value& item : value->as_array()) {
    if (!item.is_string()) return wrong_type(field, "a list of strings");
    strings.emplace_back(item.as_string());
  }
  return strings;
}

Result<std::map<std::string, std::string>> optional_string_map(const json::object& object, std::string_view field) {
  std::map<std::string, std::string> strings;
  const json::value* value = find(object, field);
  if (value == nullptr) return strings;
  if (!value->is_object()) return wrong_type(field, "an object whose values are strings");
  for (const auto& item : value->as_object()) {
    if (!item.value().is_string()) return wrong_type(field, "an object whose values are strings");
    strings.emplace(item.key(), item.value().as_string());
  }
  return strings;
}

std::string text_in(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::uint64_t count_in(const json::object& object, std::string_view field, std::uint64_t otherwise) {
  const json::value* value = object.if_contains(field);
  json::error_code error;
  const auto count = value != nullptr && value->is_number() ? value->to_number<std::uint64_t>(error) : otherwise;
  return error ? otherwise : count;
}

}  // namespace codehelper
