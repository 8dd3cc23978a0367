// POST /run and POST /execute.
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include "api/api_fixture.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;
using codehelper::test::data_of;
namespace json = boost::json;

namespace {

CommandResult a_result(int exit_code, std::string output) {
  CommandResult result;
  result.exit_code = exit_code;
  result.standard_output = std::move(output);
  result.standard_error = "a warning\n";
  result.duration_seconds = 1.25;
  return result;
}

struct RunFixture : ApiFixture {
  ApiAnswer run_tests() { return post("/run", {{"project_path", repo()}, {"action", "run_tests"}}); }
  json::object execute_body() const { return {{"project_path", repo()}, {"command", {"pytest"}}}; }
};

}  // namespace

TEST_CASE_METHOD(RunFixture, "run: answers what the contract lists, with the numbers of the tests") {
  runner.answer = a_result(1, "===== 2 failed, 3 passed in 0.10s =====\n");

  const ApiAnswer answer = run_tests();

  REQUIRE(answer.status == 200);
  const json::object run = answer.json();
  CHECK(run.at("success") == false);
  CHECK(run.at("exit_code") == 1);
  CHECK(run.at("stdout") == "===== 2 failed, 3 passed in 0.10s =====\n");
  CHECK(run.at("stderr") == "a warning\n");
  CHECK(run.at("duration_seconds") == 1.25);
  CHECK(run.at("summary") == "pytest: exit status 1 after 1.2 s, 5 tests ran, 2 failed");
  CHECK(run.at("tests") == json::object{{"run", 5}, {"failed", 2}, {"skipped", 0}, {"unit", "tests"}});
  CHECK(run.at("tests_outcome") == "failed");
  REQUIRE(runner.asked.size() == 1);
  CHECK(runner.asked[0].project_path == repo());
  CHECK(runner.asked[0].command == std::vector<std::string>{"pytest"});
}

TEST_CASE_METHOD(RunFixture, "run: success of a test command is a status of 0 with tests that ran") {
  struct Example {
    int exit_code;
    const char* output;
    bool success;
    const char* summary_end;
  };
  for (const Example& example : std::vector<Example>{
           {0, "===== 1 passed in 0.10s =====\n", true, ", 1 test ran, 0 failed"},
           {0, "ok  \texample.com/a\t0.1s\nok  \texample.com/b\t0.1s\n", true, ", 2 packages ran, 0 failed"},
           {0, "built\n", false, ", its output doesn't say how many tests ran"},
           {0, "===== no tests ran in 0.01s =====\n", false, ", no test ran"},
           {5, "===== no tests ran in 0.01s =====\n", false, ", no test ran"},
           {0, "?   \texample.com/a\t[no test files]\n", false, ", no test ran"},
           {2, "built\n", false, "exit status 2 after 1.2 s"},
       }) {
    runner.answer = a_result(example.exit_code, example.output);

    const json::object run = run_tests().json();

    CAPTURE(example.output);
    CHECK(run.at("success") == example.success);
    CHECK_THAT(std::string(run.at("summary").as_string()), Catch::EndsWith(example.summary_end));
  }
}

TEST_CASE_METHOD(RunFixture, "run: the command that is given is the one that runs") {
  runner.answer = a_result(0, "");

  const ApiAnswer answer =
      post("/run", {{"project_path", repo()}, {"action", "verify"}, {"command", {"make", "lint"}}});

  CHECK(answer.json().at("command") == json::array{"make", "lint"});
  CHECK(runner.asked.at(0).command == std::vector<std::string>{"make", "lint"});
}

TEST_CASE_METHOD(RunFixture, "run: a project without a test command is 400 and says what was looked for") {
  folder.write("empty/README.md", "x");

  const ApiAnswer answer =
      post("/run", {{"project_path", (folder.path() / "empty").string()}, {"action", "run_tests"}});

  CHECK(answer.status == 400);
  CHECK(answer.json().at("error") == "no_test_command");
  CHECK_THAT(answer.text, Catch::Contains("Cargo.toml"));
  CHECK(runner.asked.empty());
}

TEST_CASE_METHOD(RunFixture, "run: a Runner that fails is told by status and cause") {
  struct Example {
    Error error;
    int status;
    const char* name;
  };
  for (const Example& example : std::vector<Example>{
           {{ErrorCode::unavailable, "connection refused"}, 502, "runner_unavailable"},
           {{ErrorCode::timeout, "the call took longer than its limit"}, 504, "timeout"},
           {{ErrorCode::invalid_input, "command: make is not allowed"}, 400, "invalid_input"},
           {{ErrorCode::overloaded, "4 commands are running"}, 503, "overloaded"},
       }) {
    runner.answer = std::unexpected(example.error);

    const ApiAnswer answer = run_tests();

    CAPTURE(example.name);
    CHECK(answer.status == example.status);
    CHECK(answer.json().at("error") == example.name);
    CHECK(answer.json().at("message").as_string() == example.error.message);
  }
}

TEST_CASE_METHOD(RunFixture, "run: another command than one for tests succeeds by its status") {
  runner.answer = a_result(0, "built\n");

  const json::object run =
      post("/run", {{"project_path", repo()}, {"action", "verify"}, {"command", {"make", "lint"}}}).json();

  CHECK(run.at("success") == true);
  CHECK(run.at("tests_outcome") == "unknown");
}

TEST_CASE_METHOD(RunFixture, "run: carries a receipt with the command that ran") {
  CommandResult result = a_result(0, "===== 3 passed in 0.10s =====\n");
  result.run_id = "run-7";
  result.output_sha256 = std::string(64, 'a');
  runner.answer = result;

  const json::object receipt = run_tests().json().at("receipt").as_object();

  CHECK(receipt.at("run_id") == "run-7");
  CHECK(receipt.at("argv") == json::array{"pytest"});
  CHECK(receipt.at("tests_outcome") == "passed");
  CHECK(receipt.at("tests").at("run") == 3);
  CHECK(receipt.at("stdout_sha256").as_string() == std::string(64, 'a'));
}

TEST_CASE_METHOD(RunFixture, "run: a patch goes to the Runner, and what was tested comes back") {
  CommandResult result = a_result(1, "===== 1 failed in 0.10s =====\n");
  result.copy = PatchedCopy{.patch = "the diff", .files = {"a.py"}, .is_at_project_path = true};
  runner.answer = result;

  const json::object run = post("/run", {{"project_path", repo()}, {"action", "verify"}, {"patch", "as asked"}}).json();

  REQUIRE(runner.asked.size() == 1);
  CHECK(runner.asked[0].patch == "as asked");
  CHECK(run.at("patch") == "the diff");
  CHECK(run.at("patched_files") == json::array{"a.py"});
  CHECK(run.at("ran_at_project_path") == true);
  const json::object attempt{{"patch", "the diff"}, {"receipt", run.at("receipt")}, {"summary", run.at("summary")}};
  CHECK(run.at("attempts") == json::array{attempt});
}

TEST_CASE_METHOD(RunFixture, "run: a patch that doesn't apply is told by name") {
  runner.answer = fail(ErrorCode::conflict, "hunk 2 of a.py: it is nowhere");

  const ApiAnswer answer = post("/run", {{"project_path", repo()}, {"action", "verify"}, {"patch", "x"}});

  CHECK(answer.status == 422);
  CHECK(answer.json().at("error") == "patch_does_not_apply");
  CHECK(answer.json().at("message") == "hunk 2 of a.py: it is nowhere");
}

TEST_CASE_METHOD(RunFixture, "run and execute: what is refused at once has one status and body, events wanted or not") {
  const json::object run{{"project_path", repo()}, {"action", "run_tests"}};
  for (const Error& error : std::vector<Error>{{ErrorCode::invalid_input, "cwd: ../x is outside the project"},
                                               {ErrorCode::forbidden, "the token lacks the scope run"},
                                               {ErrorCode::conflict, "hunk 2 of a.py: it is nowhere"},
                                               {ErrorCode::overloaded, "4 commands are running"},
                                               {ErrorCode::timeout, "the call took longer than its limit"},
                                               {ErrorCode::internal, "cannot start /opt/secret/place"}}) {
    runner.answer = std::unexpected(error);
    for (const auto& [target, body] : {std::pair("/run", run), std::pair("/execute", execute_body())}) {
      const ApiAnswer whole = post(target, body);
      const ApiAnswer streamed = post_for_events(target, body);

      CAPTURE(target, error.message);
      json::object expected = whole.json();
      json::object actual = streamed.json();
      CHECK(expected.erase("request_id") == actual.erase("request_id"));
      CHECK(actual == expected);
      CHECK(streamed.status == whole.status);
      CHECK(streamed.status >= 400);
      for (const char* field : {"Content-Type", "Retry-After"}) {
        CHECK(streamed.headers.find(field) == whole.headers.find(field));
      }
    }
  }
}

TEST_CASE_METHOD(RunFixture, "run and execute: an error behind the first event is an event") {
  runner.answer = fail(ErrorCode::overloaded, "the machine is out of memory");
  runner.output = {{OutputStream::standard_output, "a\n"}};
  const json::object run{{"project_path", repo()}, {"action", "run_tests"}};

  for (const auto& [target, body] : {std::pair("/run", run), std::pair("/execute", execute_body())}) {
    const auto events = stream(target, body);

    REQUIRE(events.size() == 2);
    CHECK(events[1].event == "error");
    CHECK(data_of(events[1]).at("error") == "overloaded");
  }
}

TEST_CASE_METHOD(RunFixture, "run and execute: a run that has nothing to tell for long begins its stream") {
  runner.answer = fail(ErrorCode::overloaded, "the machine is out of memory");
  runner.waits = true;
  boost::asio::steady_timer release(loop.context(), std::chrono::milliseconds(1300));
  release.async_wait([&](const boost::system::error_code&) { runner.release(); });

  const ApiAnswer answer = post_for_events("/execute", execute_body());

  CHECK(answer.status == 200);
  CHECK_THAT(answer.text, Catch::StartsWith(std::string(kSseKeepAlive) + "id: 1\nevent: error\n"));
}

TEST_CASE_METHOD(RunFixture, "run: a patch is for the action verify only") {
  const ApiAnswer answer = post("/run", {{"project_path", repo()}, {"action", "run_tests"}, {"patch", "x"}});

  CHECK(answer.status == 422);
  CHECK_THAT(answer.text, Catch::Contains("patch"));
  CHECK(runner.asked.empty());
}

TEST_CASE_METHOD(RunFixture, "run: output comes as events before the whole answer") {
  runner.answer = a_result(0, "===== 1 passed in 0.10s =====\n");
  runner.output = {{OutputStream::standard_output, "a\n"}, {OutputStream::standard_error, "b\n"}};
  const json::object body{{"project_path", repo()}, {"action", "run_tests"}};

  const auto events = stream("/run", body);

  REQUIRE(events.size() == 3);
  CHECK(events[0].event == "output");
  CHECK(data_of(events[0]) == json::object{{"stream", "stdout"}, {"text", "a\n"}});
  CHECK(data_of(events[1]) == json::object{{"stream", "stderr"}, {"text", "b\n"}});
  CHECK(events[2].event == "done");
  CHECK(data_of(events[2]) == post("/run", body).json());
}

TEST_CASE_METHOD(RunFixture, "execute: answers the result whatever the exit code") {
  runner.answer = a_result(-9, "out\n");

  const ApiAnswer answer = post("/execute", execute_body());

  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("exit_code") == -9);
  CHECK(answer.json().at("stdout") == "out\n");
  CHECK(answer.json().at("stderr") == "a warning\n");
  CHECK(answer.json().at("duration_seconds") == 1.25);
}

TEST_CASE_METHOD(RunFixture, "execute: output comes as events before the result") {
  runner.answer = a_result(3, "a\nc\n");
  runner.output = {{OutputStream::standard_output, "a\n"},
                   {OutputStream::standard_error, "b\n"},
                   {OutputStream::standard_output, "c\n"}};

  const auto events = stream("/execute", execute_body());
  const ApiAnswer whole = post("/execute", execute_body());

  REQUIRE(events.size() == 4);
  CHECK(events[0].event == "stdout");
  CHECK(data_of(events[0]) == json::object{{"seq", 1}, {"data", "a\n"}});
  CHECK(events[1].event == "stderr");
  CHECK(data_of(events[1]) == json::object{{"seq", 2}, {"data", "b\n"}});
  CHECK(data_of(events[2]) == json::object{{"seq", 3}, {"data", "c\n"}});
  CHECK(events[3].event == "exit");
  json::object told = data_of(events[3]);
  json::object returned = whole.json();
  CHECK(told.at("run_id") != returned.at("run_id"));
  for (json::object* object : {&told, &returned}) {
    CHECK(object->at("receipt").at("run_id") == object->at("run_id"));
    object->erase("run_id");
    object->at("receipt").as_object().erase("run_id");
  }
  CHECK(told == returned);
}

TEST_CASE_METHOD(RunFixture, "execute: a refusal has the contract's short shape") {
  runner.answer = fail(ErrorCode::invalid_input, "cwd: ../x is outside the project");

  const ApiAnswer answer = post("/execute", execute_body());

  CHECK(answer.status == 400);
  CHECK(answer.json().at("error") == "cwd: ../x is outside the project");
  CHECK(answer.json().at("code") == "invalid_input");
}

TEST_CASE_METHOD(RunFixture, "run: when the Runner is full the caller learns when to come again") {
  runner.answer = fail(ErrorCode::overloaded, "4 commands are running");

  const ApiAnswer answer = run_tests();

  CHECK(answer.status == 503);
  CHECK(answer.json().at("error") == "overloaded");
  CHECK(answer.headers.find("Retry-After").has_value());
}

TEST_CASE_METHOD(RunFixture, "run: output that tells of no test is no pass, and a skipped test is told") {
  runner.answer = a_result(0, "built\n");
  const json::object unknown = run_tests().json();
  runner.answer = a_result(0, "=== 2 passed, 3 skipped in 0.10s ===\n");
  const json::object passed = run_tests().json();

  CHECK(unknown.at("tests_outcome") == "unknown");
  CHECK_FALSE(unknown.contains("tests"));
  CHECK(passed.at("tests_outcome") == "passed");
  CHECK(passed.at("tests").as_object().at("skipped") == 3);
}

TEST_CASE_METHOD(RunFixture, "execute: when the queue is full the caller learns when to come again") {
  runner.answer = fail(ErrorCode::overloaded, "4 commands are running");

  const ApiAnswer answer = post("/execute", execute_body());

  CHECK(answer.status == 503);
  CHECK(answer.json().at("error") == "overloaded");
  CHECK(answer.headers.find("Retry-After").has_value());
}

TEST_CASE_METHOD(RunFixture, "execute: the detail of an internal error stays here") {
  runner.answer = fail(ErrorCode::internal, "cannot start /opt/secret/place");

  const ApiAnswer answer = post("/execute", execute_body());

  CHECK(answer.status == 500);
  CHECK(answer.json().at("message") == "An internal error occurred.");
}
