#include "yaml_document.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

std::string to_json(std::string_view yaml) {
  const auto object = parse_yaml_object(yaml);
  return object ? boost::json::serialize(*object) : object.error().message;
}

}  // namespace

TEST_CASE("yaml: scalars are typed as Kubernetes' tools type them, quoted ones are text") {
  CHECK(to_json("{a: 1, b: '1', c: true, d: \"true\", e: null, f: ~, g: , h: 1.5, i: -3}") ==
        R"({"a":1,"b":"1","c":true,"d":"true","e":null,"f":null,"g":null,"h":1.5E0,"i":-3})");
  CHECK(to_json("{a: 0444, b: 0x10, c: 250m, d: 1Gi, e: 2026-01-02, f: 1.2.3, g: yes, h: '', i: !!str 5}") ==
        R"({"a":292,"b":16,"c":"250m","d":"1Gi","e":"2026-01-02","f":"1.2.3","g":"yes","h":"","i":"5"})");
}

TEST_CASE("yaml: nested blocks, flows, texts over lines and aliases become JSON") {
  CHECK(to_json("a: &x\n  - b: c\n  - [d, {e: f}]\ng: *x\nh: |\n  one\n  two\n") ==
        R"({"a":[{"b":"c"},["d",{"e":"f"}]],"g":[{"b":"c"},["d",{"e":"f"}]],"h":"one\ntwo\n"})");
  CHECK(to_json("---\n# only a comment\n---\na: 1\n---\n") == R"({"a":1})");
}

TEST_CASE("yaml: what can't be used is refused with its line and without its text") {
  CHECK(to_json("").starts_with("it is empty"));
  CHECK(to_json("- a\n- b\n").starts_with("it is no mapping"));
  CHECK(to_json("a: 1\n---\nb: 2\n").starts_with("it holds more than one document"));
  CHECK(to_json("a: 1\nb: 2\na: 3\n") == "line 3: a key appears twice");
  CHECK(to_json("x: {<<: {a: 1}}").contains("merge keys"));
  const std::string broken = to_json("a: 1\nsecret: [hunter2\n");
  CHECK(broken.starts_with("line "));
  CHECK_FALSE(broken.contains("hunter2"));
}

TEST_CASE("yaml: aliases that repeat each other and deep nesting end in an error") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int n = 0; n < 9; ++n) bomb += ", " + last;
    bomb += "]\n";
  }

  CHECK(to_json(bomb).contains("too large"));
  CHECK_FALSE(parse_yaml_object("!a ]"));
  CHECK_FALSE(parse_yaml_object("a: " + std::string(200, '[') + std::string(200, ']')));
  CHECK_FALSE(parse_yaml_object("a: " + std::string(5000, '[') + std::string(5000, ']')));
}
