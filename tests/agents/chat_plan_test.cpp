#include <catch2/catch.hpp>

#include "codehelper/agents/crew.hpp"

using namespace codehelper;

namespace {

struct Example {
  const char* message;
  bool search;
  bool run_tests;
};

}  // namespace

TEST_CASE("chat plan: tests are run when the message asks for it, and the code is searched for the rest") {
  const Example example = GENERATE(values<Example>({
      {"run the tests", false, true},
      {"Please run all unit tests again.", false, true},
      {"Do the tests pass?", false, true},
      {"Are our tests green?", false, true},
      {"run the tests and show me where requests are parsed", true, true},
      {"how do I run the tests?", true, false},
      {"where are the tests of the parser", true, false},
      {"why does test_login fail", true, false},
      {"who calls run()", true, false},
      {"Where is run_tests defined?", true, false},
      {"what does run_test_case do?", true, false},
      {"Are there tests for failing logins?", true, false},
      {"don't run the tests, just explain the layout", true, false},
      {"", true, false},
  }));

  const ChatPlan plan = make_plan(example.message);

  INFO(example.message);
  CHECK(plan.search == example.search);
  CHECK(plan.run_tests == example.run_tests);
}
