#include "codehelper/base/json_fields.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

boost::json::object object_of(std::string_view text) {
  return parse_json_object(text).value();
}

}  // namespace

TEST_CASE("json fields: text that is no JSON is malformed, other JSON than an object an invalid field") {
  CHECK(parse_json_object("{").error().code == ErrorCode::malformed);
  CHECK(parse_json_object("").error().code == ErrorCode::malformed);
  CHECK(parse_json_object("{} x").error().code == ErrorCode::malformed);
  CHECK(parse_json_object("[1]").error().code == ErrorCode::invalid_field);
  CHECK(parse_json_object(std::string(100'000, '[')).error().code == ErrorCode::malformed);
}

TEST_CASE("json fields: a missing or wrong field is named") {
  const auto object = object_of(R"({"n":3.5,"s":1,"a":["x",1],"m":{"k":1},"b":"true"})");

  CHECK(required_string(object, "message").error().message == "field \"message\" is missing");
  CHECK(required_string(object, "s").error().message == "field \"s\" must be a string");
  CHECK(optional_integer(object, "n", 1, 9).error().message == "field \"n\" must be a whole number from 1 to 9");
  CHECK(optional_integer(object, "s", 2, 9).error().code == ErrorCode::invalid_field);
  CHECK_FALSE(optional_strings(object, "a"));
  CHECK_FALSE(optional_string_map(object, "m"));
  CHECK_FALSE(optional_bool(object, "b"));
}

TEST_CASE("json fields: null counts as absent") {
  const auto object = object_of(R"({"s":null,"n":null,"a":null,"m":null,"b":null})");

  CHECK(optional_string(object, "s").value() == std::nullopt);
  CHECK(optional_integer(object, "n", 0, 1).value() == std::nullopt);
  CHECK(optional_strings(object, "a").value() == std::nullopt);
  CHECK(optional_string_map(object, "m").value().empty());
  CHECK(optional_bool(object, "b").value() == std::nullopt);
}

TEST_CASE("json fields: values come out as sent") {
  const auto object = object_of(R"({"s":"\u00e9","n":5.0,"a":["x","y"],"m":{"k":"v"},"b":true})");

  CHECK(required_string(object, "s").value() == "\u00e9");
  CHECK(optional_integer(object, "n", 0, 9).value() == 5);
  CHECK(optional_strings(object, "a").value() == std::vector<std::string>{"x", "y"});
  CHECK(optional_string_map(object, "m").value().at("k") == "v");
  CHECK(optional_bool(object, "b").value() == true);
}
