#include "codehelper/base/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace codehelper {

namespace json = boost::json;

namespace {

// The shortest decimal that reads back as the same number; with an exponent only where it would be very long.
void append_fraction(std::string& text, double number) {
  constexpr double kLarge = 1e15;
  constexpr double kSmall = 1e-9;
  const double size = std::abs(number);
  const bool is_plain = size < kLarge && (size >= kSmall || size == 0);
  std::array<char, 64> digits;
  const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number, format);
  text.append(digits.data(), written.ptr);
}

// Depth: that of what a handler has built.
void append(std::string& text, const json::value& value) {
  if (const double* number = value.if_double(); number != nullptr && std::isfinite(*number)) {
    append_fraction(text, *number);
  } else if (const json::object* object = value.if_object()) {
    char separator = '{';
    for (const auto& [name, member] : *object) {
      text += separator;
      text += json::serialize(name);
      text += ':';
      append(text, member);
      separator = ',';
    }
    text += object->empty() ? "{}" : "}";
  } else if (const json::array* array = value.if_array()) {
    char separator = '[';
    for (const json::value& element : *array) {
      text += separator;
      append(text, element);
      separator = ',';
    }
    text += array->empty() ? "[]" : "]";
  } else {
    text += json::serialize(value);
  }
}

}  // namespace

std::string to_json_text(const json::value& value) {
  std::string text;
  append(text, value);
  return text;
}

}  // namespace codehelper
