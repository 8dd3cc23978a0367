#include "agents/manager.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

ManagerTask task(std::string message) {
  ManagerTask made;
  made.message = std::move(message);
  made.project_name = "demo";
  made.can_search_web = true;
  return made;
}

}  // namespace

TEST_CASE("manager: a plan is read with the fences and sentences around it") {
  const auto read = read_plan(
      "Sure!\n```json\n{\"roles\":[\"coder\",\"researcher\"],\"searches\":[\"http parser\"],\"web_searches\":[\"rfc "
      "9110\"],"
      "\"edit\":true}\n```",
      task("fix the http parser"));

  REQUIRE(read);
  CHECK(read->plan.search);
  CHECK(read->plan.edit);
  CHECK_FALSE(read->plan.run_tests);
  CHECK(read->plan.searches == std::vector<std::string>{"http parser"});
  CHECK(read->plan.web_searches == std::vector<std::string>{"rfc 9110"});
}

TEST_CASE("manager: what is no plan, or names other roles, is refused") {
  for (const char* text : {"", "no", "[]", "{}", R"({"roles":"coder"})", R"({"roles":["admin"]})", R"({"roles":[]})",
                           R"({"roles":["coder"],"searches":"x"})", R"({"roles":["coder"],"edit":"yes"})"}) {
    CHECK(read_plan(text, task("what is this?")).error().code == ErrorCode::bad_answer);
  }
}

TEST_CASE("manager: searches are bounded in number and length") {
  const std::string longest(1000, 'x');
  const auto read = read_plan(R"({"roles":["coder"],"searches":["a"," ","b",")" + longest + R"(","d"]})", task("?"));

  REQUIRE(read);
  REQUIRE(read->plan.searches.size() == 3);
  CHECK(read->plan.searches[2].size() == 200);
}

TEST_CASE("manager: nothing runs, and the web stays alone, when the user's words or the settings don't have it") {
  ManagerTask asked = task("explain the parser");
  asked.can_search_web = false;
  const auto read = read_plan(R"({"roles":["runner","researcher"],"searches":[],"web_searches":["x"]})", asked);

  REQUIRE(read);
  CHECK_FALSE(read->plan.run_tests);
  CHECK(read->plan.search);
  CHECK(read->plan.web_searches.empty());
  CHECK(read->refused.size() == 1);
  CHECK(read_plan(R"({"roles":["runner"]})", task("do the tests pass?"))->plan.run_tests);
}

TEST_CASE("manager: it is told the user's words only, with secrets masked and within bounds") {
  ManagerTask asked = task("why does " + std::string("ghp_") + "abcdefghijklmnopqrstuvwxyz0123456789 fail? " +
                           std::string(100'000, 'x'));
  asked.earlier_messages = {"one", "two", "three", "four"};

  const ModelRequest request = make_plan_request(asked);

  CHECK(request.tools.empty());
  CHECK(request.schema);
  const std::string& text = request.messages.at(1).content;
  CHECK_THAT(text, !Catch::Contains("ghp_") && !Catch::Contains("one") && Catch::Contains("four"));
  CHECK(text.size() < 6000);
}
