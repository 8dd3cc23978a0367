#include "codehelper/execute/command_result_json.hpp"

#include <catch2/catch.hpp>

#include <boost/json/parse.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace codehelper;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

json::object object(const char* text) {
  return json::parse(text).as_object();
}

}  // namespace

TEST_CASE("execute request: what is written is read again") {
  ExecuteRequest request;
  request.project_path = "/p";
  request.command = {"python", "-c", "print('é')"};
  request.cwd = "sub";
  request.env = {{"A", "1"}};
  request.timeout = 2500ms;

  const json::object written = to_json(request);
  const auto read = parse_execute_request(written);

  REQUIRE(read.has_value());
  CHECK(read->project_path == request.project_path);
  CHECK(read->command == request.command);
  CHECK(read->cwd == request.cwd);
  CHECK(read->env == request.env);
  CHECK(read->timeout == request.timeout);
}

TEST_CASE("execute request: what is left out has its default, and whole seconds are written whole") {
  const auto read = parse_execute_request(object(R"({"project_path":"/p","command":[],"cwd":null,"env":null})"));

  REQUIRE(read.has_value());
  CHECK(read->command.empty());
  CHECK(read->cwd.empty());
  CHECK(read->env.empty());
  CHECK(read->timeout == 300s);
  CHECK(to_json(*read) == object(R"({"project_path":"/p","command":[],"timeout_seconds":300})"));
}

TEST_CASE("execute request: every wrong field is named") {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"command":["a"]})", "project_path"},
      {R"({"project_path":1,"command":["a"]})", "project_path"},
      {R"({"project_path":"/p"})", "command"},
      {R"({"project_path":"/p","command":"a"})", "command"},
      {R"({"project_path":"/p","command":["a",1]})", "command"},
      {R"({"project_path":"/p","command":["a"],"cwd":1})", "cwd"},
      {R"({"project_path":"/p","command":["a"],"env":["A"]})", "env"},
      {R"({"project_path":"/p","command":["a"],"env":{"A":1}})", "env"},
      {R"({"project_path":"/p","command":["a"],"timeout_seconds":"5"})", "timeout_seconds"},
      {R"({"project_path":"/p","command":["a"],"timeout_seconds":true})", "timeout_seconds"},
      {R"({"project_path":"/p","command":["a"],"timeout_seconds":0})", "timeout_seconds"},
      {R"({"project_path":"/p","command":["a"],"timeout_seconds":0.99})", "timeout_seconds"},
      {R"({"project_path":"/p","command":["a"],"timeout_seconds":-1})", "timeout_seconds"},
      {R"({"project_path":"/p","command":["a"],"timeout_seconds":3600.5})", "timeout_seconds"},
      {R"({"project_path":"/p","command":["a"],"timeout_seconds":1e300})", "timeout_seconds"},
  };

  for (const auto& [text, field] : cases) {
    const auto read = parse_execute_request(object(text));

    CAPTURE(text);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::invalid_field);
    CHECK(read.error().message.contains('"' + std::string(field) + '"'));
  }
}

TEST_CASE("command result: what is written is read again") {
  CommandResult result;
  result.exit_code = -1;
  result.timed_out = true;
  result.standard_output = "out €";
  result.standard_error = "bad (timeout)";
  result.output_truncated = true;
  result.output_bytes = 5'000'000'000;
  result.error_bytes = 3;
  result.duration_seconds = 1.25;

  const json::object written = to_json(result);
  const auto read = parse_command_result(written);

  REQUIRE(read.has_value());
  CHECK(written.at("stdout_bytes").to_number<std::uint64_t>() == 5'000'000'000);
  CHECK(read->exit_code == -1);
  CHECK(read->timed_out);
  CHECK(read->standard_output == result.standard_output);
  CHECK(read->standard_error == result.standard_error);
  CHECK(read->output_truncated);
  CHECK_FALSE(read->error_truncated);
  CHECK(read->output_bytes == 5'000'000'000);
  CHECK(read->error_bytes == 3);
  CHECK(read->duration_seconds == 1.25);
}

TEST_CASE("command result: the four fields that every Runner gives are enough") {
  const auto plain = parse_command_result(object(R"({"exit_code":1,"stdout":"ab","stderr":"","duration_seconds":2})"));
  const auto late =
      parse_command_result(object(R"j({"exit_code":-1,"stdout":"","stderr":"x (timeout)","duration_seconds":2.5})j"));
  const auto hung_up =
      parse_command_result(object(R"({"exit_code":-1,"stdout":"","stderr":"","duration_seconds":2.5})"));

  REQUIRE((plain && late && hung_up));
  CHECK(plain->exit_code == 1);
  CHECK(plain->output_bytes == 2);
  CHECK_FALSE(plain->timed_out);
  CHECK(late->timed_out);
  CHECK_FALSE(hung_up->timed_out);
}

TEST_CASE("command result: nonsense is refused") {
  for (const char* text : {R"({})", R"({"exit_code":"1","stdout":"","stderr":"","duration_seconds":1})",
                           R"({"exit_code":1,"stderr":"","duration_seconds":1})",
                           R"({"exit_code":1,"stdout":[],"stderr":"","duration_seconds":1})",
                           R"({"exit_code":1,"stdout":"","stderr":"","duration_seconds":"fast"})",
                           R"({"exit_code":1,"stdout":"","stderr":""})",
                           R"({"exit_code":1,"stdout":"","stderr":"","duration_seconds":1,"stdout_bytes":-1})",
                           R"({"exit_code":1e10,"stdout":"","stderr":"","duration_seconds":1})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_command_result(object(text)).has_value());
  }
}
