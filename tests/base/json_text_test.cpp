#include "codehelper/base/json_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <limits>

using codehelper::to_json_text;
namespace json = boost::json;

TEST_CASE("json text: fractions are ordinary decimals") {
  CHECK(to_json_text(0.48) == "0.48");
  CHECK(to_json_text(-12.5) == "-12.5");
  CHECK(to_json_text(0.0) == "0");
  CHECK(to_json_text(0.000125) == "0.000125");
  CHECK(to_json_text(1795780323.303650) == "1795780323.30365");
}

TEST_CASE("json text: every number reads back as itself") {
  for (const double number : {0.1, 1e-300, 1e300, std::numeric_limits<double>::denorm_min(), 123456789012345.67, 1e15,
                              -1e-9, std::numeric_limits<double>::max()}) {
    CAPTURE(number);
    CHECK(std::strtod(to_json_text(number).c_str(), nullptr) == number);
  }
}

TEST_CASE("json text: all else is as Boost.JSON writes it") {
  for (const char* text : {R"({"a":[1,-2,[],{}],"b\"\n":"\u0001é\\","c":null,"d":true})", "[]", "{}", "\"x\"", "7"}) {
    const json::value value = json::parse(text);

    CHECK(to_json_text(value) == json::serialize(value));
  }
  CHECK(to_json_text(std::numeric_limits<double>::infinity()) ==
        json::serialize(json::value(std::numeric_limits<double>::infinity())));
}
