#include "agents/run_tool.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

bool allows(const CommandPermit& permit, const std::vector<std::string>& command) {
  return may_run(permit, command, [](std::string_view argument) { return argument.starts_with("tests/"); });
}

}  // namespace

TEST_CASE("run tool: the test command runs, alone or with what is in the project") {
  CommandPermit permit;
  permit.test_command = {"cargo", "test"};

  CHECK(allows(permit, {"cargo", "test"}));
  CHECK(allows(permit, {"cargo", "test", "tests/a.rs"}));
  CHECK_FALSE(allows(permit, {"cargo", "test", "--config=x"}));
  CHECK_FALSE(allows(permit, {"cargo", "run"}));
  CHECK_FALSE(allows(permit, {"cargo"}));
  CHECK_FALSE(allows(permit, {}));
}

TEST_CASE("run tool: another command runs only when it stands in the user's words, whole") {
  CommandPermit permit;
  permit.test_command = {"pytest"};
  permit.user_words = "please run `npm test`, then make check.";

  CHECK(allows(permit, {"npm", "test"}));
  CHECK(allows(permit, {"make", "check"}));
  CHECK_FALSE(allows(permit, {"make", "che"}));
  CHECK_FALSE(allows(permit, {"pm", "test"}));
  CHECK_FALSE(allows(permit, {"python", "-c", "print()"}));
}
