#include "../../src/retrieve/path_class.hpp"

#include <catch2/catch.hpp>

namespace codehelper {

TEST_CASE("path class: tells tests, documents, data and generated files from source") {
  CHECK(classify_path("src/flask/app.py") == PathClass::source);
  CHECK(classify_path("tests/app.py") == PathClass::test);
  CHECK(classify_path("util/cache_test.cc") == PathClass::test);
  CHECK(classify_path("src/JsonReaderTest.java") == PathClass::test);
  CHECK(classify_path("src/latest.py") == PathClass::source);
  CHECK(classify_path("src/contest/a.py") == PathClass::source);
  CHECK(classify_path("README.md") == PathClass::documentation);
  CHECK(classify_path("CMakeLists.txt") == PathClass::source);
  CHECK(classify_path("CHANGELOG.md") == PathClass::changelog);
  CHECK(classify_path("vendor/a/b.go") == PathClass::generated);
  CHECK(classify_path("a/b.pb.go") == PathClass::generated);
  CHECK(classify_path("data/table.json") == PathClass::data);
  CHECK(classify_path("pyproject.toml") == PathClass::configuration);
}

TEST_CASE("path class: a wish lifts the prior of its class only") {
  const Wishes wishes = read_wishes("Where are the Tests of the parser?");

  CHECK(prior_of(PathClass::test, wishes) == 1);
  CHECK(prior_of(PathClass::documentation, wishes) < 1);
  CHECK(prior_of(PathClass::test, read_wishes("the latest attestation")) < 1);
  CHECK(prior_of(PathClass::source, {}) == 1);
}

}  // namespace codehelper
