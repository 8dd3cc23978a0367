#include <catch2/catch.hpp>

#include <boost/json/parse.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/execute/command_runner.hpp"
#include "execute/fake_runner.hpp"

using namespace codehelper;
using codehelper::test::FakeRunner;
using namespace std::chrono_literals;

namespace {

constexpr const char* kResult =
    R"({"exit_code":3,"stdout":"out","stderr":"err","duration_seconds":0.5,"stdout_bytes":9,"stdout_truncated":true})";

std::string answer(const std::string& status, const std::string& type, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}
std::string json_answer(const std::string& status, const std::string& body) {
  return answer(status, "application/json", body);
}
std::string events(const std::string& body) {
  return answer("200 OK", "text/event-stream", body);
}

ExecuteRequest a_request() {
  ExecuteRequest request;
  request.project_path = "/p";
  request.command = {"pytest", "-q"};
  return request;
}

struct Fixture {
  explicit Fixture(std::string canned) : runner(loop, std::move(canned)), client(connect(runner.url())) {}

  std::unique_ptr<HttpClient> connect(std::string url) {
    HttpClientOptions options;
    options.base_url = std::move(url);
    return HttpClient::make(loop, std::move(options)).value();
  }
  Result<CommandResult> run(OutputSink on_output = {}) {
    RunListener listener;
    listener.on_output = std::move(on_output);
    const auto remote = make_remote_runner(*client, limit);
    return run_until_done(loop, remote->run(context, request, std::move(listener)));
  }
  // The body of the only request.
  boost::json::object sent() const {
    REQUIRE(runner.requests().size() == 1);
    const std::string& text = runner.requests().front();
    return parse_json_object(text.substr(text.find("\r\n\r\n") + 4)).value();
  }

  EventLoop loop;
  FakeRunner runner;
  std::unique_ptr<HttpClient> client;
  std::chrono::milliseconds limit = 5s;
  RequestContext context;
  ExecuteRequest request = a_request();
};

}  // namespace

TEST_CASE("remote runner: gives the Runner's result") {
  Fixture fixture(json_answer("200 OK", kResult));

  const auto result = fixture.run();

  REQUIRE(result.has_value());
  CHECK(result->exit_code == 3);
  CHECK(result->standard_output == "out");
  CHECK(result->standard_error == "err");
  CHECK(result->output_bytes == 9);
  CHECK(result->output_truncated);
  CHECK(fixture.runner.requests().front().starts_with("POST /execute HTTP/1.1\r\n"));
}

TEST_CASE("remote runner: sends the command with the time that is left, in whole seconds") {
  Fixture fixture(json_answer("200 OK", kResult));
  fixture.limit = 4500ms;

  REQUIRE(fixture.run().has_value());

  CHECK(fixture.sent() ==
        boost::json::parse(R"({"project_path":"/p","command":["pytest","-q"],"timeout_seconds":4})").as_object());
}

TEST_CASE("remote runner: asks for the request's own time limit when that is shorter, and for a second at least") {
  Fixture shorter(json_answer("200 OK", kResult));
  shorter.request.timeout = 2s;
  REQUIRE(shorter.run().has_value());
  CHECK(shorter.sent().at("timeout_seconds") == 2);

  Fixture short_deadline(json_answer("200 OK", kResult));
  short_deadline.context.deadline = Deadline::after(700ms);
  REQUIRE(short_deadline.run().has_value());
  CHECK(short_deadline.sent().at("timeout_seconds") == 1);
}

TEST_CASE("remote runner: turns the Runner's refusals into errors with its own words") {
  struct Case {
    const char* status;
    const char* body;
    ErrorCode code;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"400 Bad Request", R"({"error":"cwd: ../x is outside the project","code":"invalid_input"})",
       ErrorCode::invalid_input, "cwd: ../x is outside the project"},
      {"422 Unprocessable Entity", R"({"error":"invalid_field","message":"field \"command\" is missing"})",
       ErrorCode::invalid_input, "field \"command\" is missing"},
      {"503 Service Unavailable", R"({"error":"overloaded","message":"4 commands are running"})", ErrorCode::overloaded,
       "4 commands are running"},
      {"504 Gateway Timeout", R"({"error":"timeout","message":"too slow"})", ErrorCode::timeout, "too slow"},
      {"500 Internal Server Error", R"({"error":"internal_error","message":"An internal error occurred."})",
       ErrorCode::unavailable, "the Runner answered with status 500: An internal error occurred."},
      {"200 OK", "hello", ErrorCode::unavailable, "not understood"},
      {"200 OK", R"({"stdout":""})", ErrorCode::unavailable, "exit_code"},
  };

  for (const Case& expected : cases) {
    Fixture fixture(json_answer(expected.status, expected.body));

    const auto result = fixture.run();

    CAPTURE(expected.status, expected.body);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == expected.code);
    CHECK(result.error().message.contains(expected.message));
    CHECK(fixture.runner.requests().size() == 1);
  }
}

TEST_CASE("remote runner: a Runner that does not answer in time is asked once only") {
  Fixture fixture("");
  fixture.limit = 300ms;

  const auto result = fixture.run();

  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::timeout);
  CHECK(fixture.runner.requests().size() == 1);
}

TEST_CASE("remote runner: a Runner that breaks off in its answer is asked once only") {
  Fixture fixture("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"exit");

  const auto result = fixture.run();

  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::unavailable);
  CHECK(fixture.runner.requests().size() == 1);
}

TEST_CASE("remote runner: a Runner that is not there is unavailable") {
  Fixture fixture("");
  fixture.client = fixture.connect("http://127.0.0.1:1");

  const auto result = fixture.run();

  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::unavailable);
}

TEST_CASE("remote runner: output comes as events before the result") {
  Fixture fixture(
      events(": keep-alive\n\nevent: started\ndata: {}\n\n"
             "event: stdout\ndata: {\"seq\":1,\"data\":\"a\\n\"}\n\n"
             "event: stderr\ndata: {\"seq\":2,\"data\":\"b\"}\n\n"
             "event: stdout\ndata: {\"seq\":3,\"data\":\"c\"}\n\n"
             "event: exit\ndata: " +
             std::string(kResult) + "\n\n"));
  std::vector<std::pair<OutputStream, std::string>> pieces;

  const auto result =
      fixture.run([&](OutputStream stream, std::string_view piece) { pieces.emplace_back(stream, piece); });

  REQUIRE(result.has_value());
  CHECK(result->exit_code == 3);
  CHECK(pieces == std::vector<std::pair<OutputStream, std::string>>{{OutputStream::standard_output, "a\n"},
                                                                    {OutputStream::standard_error, "b"},
                                                                    {OutputStream::standard_output, "c"}});
  CHECK(fixture.runner.requests().front().contains("text/event-stream"));
}

TEST_CASE("remote runner: a stream without an end, with nonsense, or with a late error is an error") {
  const OutputSink ignore = [](OutputStream, std::string_view) {};
  Fixture cut(events("event: stdout\ndata: {\"seq\":1,\"data\":\"a\"}\n\n"));
  Fixture nonsense(events("event: stdout\ndata: a\n\nevent: exit\ndata: " + std::string(kResult) + "\n\n"));
  Fixture late(events("event: error\ndata: {\"error\":\"internal_error\",\"message\":\"disk full\"}\n\n"));
  Fixture full(events("event: error\ndata: {\"error\":\"overloaded\",\"message\":\"4 commands are running\"}\n\n"));
  Fixture refused(json_answer("400 Bad Request", R"({"error":"no","code":"invalid_input"})"));

  const auto without_end = cut.run(ignore);
  const auto with_nonsense = nonsense.run(ignore);
  const auto with_late_error = late.run(ignore);
  const auto overload = full.run(ignore);
  const auto refusal = refused.run(ignore);

  REQUIRE_FALSE((without_end || with_nonsense || with_late_error || overload || refusal));
  CHECK(without_end.error().code == ErrorCode::unavailable);
  CHECK(without_end.error().message.contains("broke off"));
  CHECK(with_nonsense.error().code == ErrorCode::unavailable);
  CHECK(with_late_error.error().message.contains("disk full"));
  CHECK(overload.error() == Error{ErrorCode::overloaded, "4 commands are running"});
  CHECK(refusal.error() == Error{ErrorCode::invalid_input, "no"});
}
