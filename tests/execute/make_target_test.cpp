#include "execute/make_target.hpp"

#include <catch2/catch.hpp>

#include <string>

using codehelper::find_test_target;

namespace {

struct Example {
  const char* makefile;
  const char* target;  // "" = none
};

}  // namespace

TEST_CASE("make target: a rule for test is found, else one for check") {
  const Example example = GENERATE(values<Example>({
      {"test:\n\ttrue\n", "test"},
      {"all:\n\ttrue\n\ntest: all\n\ttrue\n", "test"},
      {"test :all\n", "test"},
      {"  test: all\n", "test"},
      {"test::\n\ttrue\n", "test"},
      {"test: ; true\n", "test"},
      {"test: ; A=1 true\n", "test"},
      {"test: all | dirs # A = b\n", "test"},
      {"check test: deps\n", "test"},
      {"lint \\\n  test: deps\n", "test"},
      {"report test &: deps\n", "test"},
      {"check:\n\ntest:\n", "test"},
      {"test:\r\n\ttrue\r\n", "test"},
      {"test:", "test"},
      {".PHONY: test\ntest:\n\ttrue\n", "test"},
      {".PHONY: all test\ninclude rules.mk\n", "test"},
      {"test: CFLAGS = -g\ntest: all\n", "test"},
      {"define TEXT\ntest:\nendef\ncheck: all\n", "check"},
      {".PHONY: test\ncheck :\n\ttrue\n", "check"},
      {"check:\n\ttrue\n", "check"},
      {"test $(OTHERS:.c=.o): $(wildcard *.c=d)\n", "test"},
  }));

  INFO(example.makefile);
  CHECK(find_test_target(example.makefile) == std::string(example.target));
}

TEST_CASE("make target: what only looks like a rule is none") {
  const char* const makefile = GENERATE(values<const char*>({
      "",
      "all:\n\techo test:\n",
      "all:\n\ttest: x\n",
      "all:\n\techo \\\ntest: x\n",
      "test := 1\n",
      "test ::= 1\n",
      "test :::= 1\n",
      "test = 1\n",
      "test ?= a: b\n",
      "A = test: b\n",
      "A += test: b\n",
      "A = \\\ntest: b\n",
      "test: CFLAGS = -g\n",
      "test: CFLAGS := -g\n",
      "tests: all\n",
      "unit-test:\n",
      "test-unit:\n",
      "all: test\n",
      ".PHONY: test\n",
      "# test: all\n",
      "all: # test:\n",
      "define TEXT\ntest:\nendef\n",
      "override define TEXT\ntest:\nendef\n",
      "include test: \n",
      "$(info test: x)\n",
  }));

  INFO(makefile);
  CHECK_FALSE(find_test_target(makefile).has_value());
}
