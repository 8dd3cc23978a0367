#include "codehelper/base/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

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

void append_string(std::string& text, std::string_view string) {
  const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\'; };
  if (!std::ranges::all_of(string, is_plain)) {
    text += json::serialize(json::string_view(string.data(), string.size()));
    return;
  }
  text += '"';
  text += string;
  text += '"';
}

// Depth: that of what a handler has built.
void append(std::string& text, const json::value& value) {
  if (const double* number = value.if_double(); number != nullptr && std::isfinite(*number)) {
    append_fraction(text, *number);
  } else if (const json::string* string = value.if_string()) {
    append_string(text, *string);
  } else if (const json::object* object = value.if_object()) {
    char separator = '{';
    for (const auto& [name, member] : *object) {
      text += separator;
      append_string(text, name);
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

void append_json(std::string& text, const json::value& value) {
  append(text, value);
}
void append_json(std::string& text, std::string_view string) {
  append_string(text, string);
}

}  // namespace codehelper
