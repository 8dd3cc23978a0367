// Who may ask a built server: by its address, by the page, by the token.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/raw_http.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

struct MadeToken {
  std::string token;
  std::string line;
};

MadeToken make_token(const std::string& name, const std::string& scopes) {
  const RunOutcome made = run_codehelper({"token", name, "--scopes", scopes, "--json"});
  const json::object object = json::parse(made.output).as_object();
  return {std::string(object.at("token").as_string()), std::string(object.at("line").as_string())};
}

std::string write_tokens(const TemporaryDirectory& folder, const std::string& text) {
  const auto fresh = folder.write("tokens.new", text);
  ::chmod(fresh.c_str(), 0600);
  std::filesystem::rename(fresh, folder.path() / "tokens");
  return (folder.path() / "tokens").string();
}

// `codehelper dev` with a token for each scope, its index ready.
struct GuardedFixture {
  GuardedFixture()
      : repo(write_sample_repository(folder).string()),
        process({"dev", "--port", "0", repo},
                {{"CODEHELPER_TOKENS_FILE",
                  write_tokens(folder, read.line + "\n" + chat.line + "\n" + run.line + "\n" + admin.line + "\n")},
                 {"CODEHELPER_LOG_LEVEL", "info"}}) {
    url = process.wait_for_url();
    process.wait_for_text("ready:", std::chrono::seconds(60));
  }

  int status(const MadeToken& made, const std::string& method, const std::string& target, const json::object& body) {
    HttpCall call{.method = method, .target = target};
    if (!body.empty()) call.body = json::serialize(body);
    return ApiClient(url, made.token).call(std::move(call)).status;
  }

  MadeToken read = make_token("reader", "read");
  MadeToken chat = make_token("asker", "chat");
  MadeToken run = make_token("tester", "run");
  MadeToken admin = make_token("keeper", "admin");
  TemporaryDirectory folder;
  std::string repo;
  CodehelperProcess process;
  std::string url;
};

struct Route {
  std::string method;
  std::string target;
  json::object body;
  const MadeToken* opened_by;
};

}  // namespace

TEST_CASE_METHOD(GuardedFixture, "access: each scope opens its own routes, and each is closed to the other three") {
  const json::object message{{"role", "user"}, {"content", "where are headers parsed?"}};
  const json::object completion{{"model", "codehelper"}, {"messages", json::array{message}}};
  const std::vector<Route> routes = {
      {"GET", "/project", {}, &read},
      {"POST", "/search", {{"query", "parse"}}, &read},
      {"POST", "/symbols", {{"name", "parse_headers"}}, &read},
      {"GET", "/files?path=parser.py&start_line=1&end_line=1", {}, &read},
      {"GET", "/conversations", {}, &read},
      {"GET", "/sandbox", {}, &read},
      {"POST", "/chat", {{"message", "where are headers parsed?"}}, &chat},
      {"GET", "/v1/models", {}, &chat},
      {"POST", "/v1/chat/completions", completion, &chat},
      {"PATCH", "/conversations/none", {{"title", "t"}}, &chat},
      {"DELETE", "/conversations/none", {}, &chat},
      {"POST", "/run", {{"project_path", repo}, {"action", "run_tests"}}, &run},
      {"POST", "/execute", {{"project_path", repo}, {"command", {"python3", "-c", "1"}}}, &run},
      {"DELETE", "/execute/none", {}, &run},
      {"DELETE", "/project/job", {}, &admin},
      {"POST", "/project", {{"project_path", repo}}, &admin},
  };

  for (const Route& route : routes) {
    for (const MadeToken* made : {&read, &chat, &run, &admin}) {
      const int got = status(*made, route.method, route.target, route.body);
      CAPTURE(route.method, route.target, made->line, got);
      CHECK((got == 403) == (made != route.opened_by));
      CHECK(got != 401);
    }
    CHECK(status({}, route.method, route.target, route.body) == 401);
  }
  CHECK(status({}, "GET", "/", {}) == 200);
  CHECK(status({}, "GET", "/readyz", {}) == 200);
  const std::string said = process.output() + process.errors();
  CHECK_THAT(said, Catch::Contains(R"("token_name":"keeper")"));
  for (const MadeToken* made : {&read, &chat, &run, &admin}) CHECK_THAT(said, !Catch::Contains(made->token));
}

TEST_CASE_METHOD(GuardedFixture, "access: a question can't run what its token may not") {
  const json::object question{{"message", "run the tests"}};

  const ApiAnswer refused = ApiClient(url, chat.token).post("/chat", question);

  CHECK(refused.status == 200);
  CHECK(refused.json().at("receipts").as_array().empty());
  CHECK_THAT(refused.text, Catch::Contains("lacks the scope run"));

  const MadeToken both = make_token("both", "chat,run");
  write_tokens(folder, both.line + "\n");
  const ApiAnswer answered = ApiClient(url, both.token).post("/chat", question);
  CHECK(answered.json().at("receipts").as_array().size() == 1);
}

TEST_CASE_METHOD(GuardedFixture, "access: MCP answers each tool by its own scope") {
  const auto call_tool = [&](const MadeToken& made, const std::string& tool, const json::object& arguments) {
    return ApiClient(url, made.token)
        .post("/mcp", {{"jsonrpc", "2.0"},
                       {"id", 1},
                       {"method", "tools/call"},
                       {"params", {{"name", tool}, {"arguments", arguments}}}});
  };

  const ApiAnswer found = call_tool(read, "search_code", {{"query", "parse"}});
  const ApiAnswer refused = call_tool(read, "index_project", {});

  CHECK(found.json().at("result").at("isError") == false);
  CHECK(refused.status == 403);
  CHECK(refused.headers.find("WWW-Authenticate") == R"(Bearer error="insufficient_scope", scope="admin")");
  CHECK(refused.json().at("id") == 1);
  CHECK_THAT(std::string(refused.json().at("error").at("message").as_string()), Catch::Contains("the scope admin"));
  CHECK(call_tool(chat, "search_code", {{"query", "parse"}}).status == 403);
  CHECK(call_tool(chat, "ask", {{"question", "where are headers parsed?"}}).status == 200);
  CHECK(call_tool(chat, "run_tests", {}).status == 403);
  CHECK(call_tool(run, "run_tests", {}).json().at("result").at("structuredContent").at("success") == true);
  CHECK(call_tool(admin, "index_project", {}).status == 200);
  CHECK(call_tool({}, "search_code", {{"query", "parse"}}).status == 401);
}

TEST_CASE_METHOD(GuardedFixture, "access: clients show their token, and say what it lacks") {
  const auto client = [&](const MadeToken& made, std::vector<std::string> arguments) {
    return run_codehelper(std::move(arguments), {{"CODE_HELPER_API_URL", url}, {"CODEHELPER_API_TOKEN", made.token}});
  };

  CHECK(client(read, {"search", "parse headers"}).exit_code == 0);
  CHECK(client(read, {"project", "status"}).exit_code == 0);
  CHECK(client(chat, {"chat", "where are headers parsed?"}).exit_code == 0);
  CHECK(client(run, {"run-tests", "--project", repo}).exit_code == 0);
  CHECK(client(admin, {"project", "reindex", repo}).exit_code == 0);
  const RunOutcome lacking = client(read, {"run-tests", "--project", repo});
  CHECK(lacking.exit_code == 1);
  CHECK_THAT(lacking.errors, Catch::Contains("\"reader\" lacks the scope run"));
  const RunOutcome nobody = client({}, {"search", "parse headers"});
  CHECK(nobody.exit_code == 1);
  CHECK_THAT(nobody.errors, Catch::Contains("set CODEHELPER_API_TOKEN"));
}

TEST_CASE_METHOD(GuardedFixture, "access: a changed tokens file counts without a restart, and a bad one does not") {
  const MadeToken other = make_token("other", "read");

  write_tokens(folder, other.line + "\n");
  CHECK(status(read, "GET", "/project", {}) == 401);
  CHECK(status(other, "GET", "/project", {}) == 200);

  write_tokens(folder, "other read\n");
  CHECK(status(other, "GET", "/project", {}) == 200);
  CHECK_THAT(process.output(), Catch::Contains("tokens_not_reloaded") && Catch::Contains("line 1:"));
}

TEST_CASE("access: a tokens file with faults ends a server at its start, and all of them are told") {
  const TemporaryDirectory folder;
  const std::string file = write_tokens(folder, "ann read\nben write sha256:1\n");
  const auto start = [&] { return run_codehelper({"serve-runner", "--port", "0", "--tokens-file", file}); };

  const RunOutcome faults = start();
  ::chmod(file.c_str(), 0644);
  const RunOutcome readable = start();

  CHECK(faults.exit_code == 1);
  CHECK_THAT(faults.errors, Catch::Contains("line 1: ") && Catch::Contains("line 2: "));
  CHECK(readable.exit_code == 1);
  CHECK_THAT(readable.errors, Catch::Contains("chmod 640 " + file));
}

TEST_CASE("access: a server that others can reach needs a token, or to be told that it is meant") {
  const TemporaryDirectory folder;
  const std::string file = write_tokens(folder, make_token("ann", "read").line + "\n");
  const Variables state{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}};
  const auto with = [&state](const std::string& name, const std::string& value) {
    Variables variables = state;
    variables[name] = value;
    return variables;
  };

  for (const char* mode : {"serve-api", "serve-runner"}) {
    const RunOutcome refused = run_codehelper({mode, "--port", "0", "--host", "0.0.0.0"}, state);
    CHECK(refused.exit_code == 2);
    CHECK_THAT(refused.errors, Catch::Contains("CODEHELPER_ALLOW_OPEN=yes") &&
                                   Catch::Contains("CODEHELPER_TOKENS_FILE") && Catch::Contains("_TOKEN"));
    // Loopback too, in a spelling for which a token is asked: nobody else reaches what the test starts.
    const std::vector<std::string> arguments = {mode, "--port", "0", "--host", "::ffff:127.0.0.1"};
    CHECK(run_codehelper(arguments, state).exit_code == 2);
    const bool is_api = std::string(mode) == "serve-api";
    const std::string token = is_api ? "CODEHELPER_API_TOKEN" : "CODEHELPER_RUNNER_TOKEN";
    CHECK_NOTHROW(CodehelperProcess(arguments, with(token, "t0ken")).wait_for_url());
    CHECK_NOTHROW(CodehelperProcess(arguments, with("CODEHELPER_TOKENS_FILE", file)).wait_for_url());
    CHECK_NOTHROW(CodehelperProcess(arguments, with("CODEHELPER_ALLOW_OPEN", "yes")).wait_for_url());
  }
  const std::string repo = write_sample_repository(folder).string();
  const RunOutcome ingest = run_codehelper({"ingest", repo, "--listen", "--host", "0.0.0.0"}, state);
  CHECK(ingest.exit_code == 2);
  CHECK_THAT(ingest.errors, Catch::Contains("CODEHELPER_ALLOW_OPEN=yes"));
  CHECK(run_codehelper({"ingest", repo, "--host", "0.0.0.0"}, state).exit_code == 0);
}

TEST_CASE("access: the Runner demands its token, and the API shows it") {
  const TemporaryDirectory folder;
  const std::string repo = write_sample_repository(folder).string();
  const Variables guarded{{"CODEHELPER_RUNNER_TOKEN", "runner-t0ken"}};
  CodehelperProcess runner({"serve-runner", "--port", "0", "--allowed-root", folder.path().string()}, guarded);
  const std::string runner_url = runner.wait_for_url();
  const auto run_through = [&](const std::string& token) {
    CodehelperProcess api({"serve-api", "--port", "0", "--runner-url", runner_url},
                          {{"CODEHELPER_RUNNER_TOKEN", token},
                           {"CODEHELPER_API_TOKEN", "api-t0ken"},
                           {"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}});
    return ApiClient(api.wait_for_url(), "api-t0ken").post("/run", {{"project_path", repo}, {"action", "run_tests"}});
  };

  const ApiAnswer allowed = run_through("runner-t0ken");
  const ApiAnswer refused = run_through("another");

  CHECK(allowed.status == 200);
  CHECK(allowed.json().at("success") == true);
  CHECK(refused.status == 502);
  CHECK_THAT(refused.text, Catch::Contains("CODEHELPER_RUNNER_TOKEN"));
  CHECK(ApiClient(runner_url, "api-t0ken").get("/sandbox").status == 401);
  const RunOutcome doctor = run_codehelper(
      {"doctor"}, {{"RUNNER_URL", runner_url}, {"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}});
  CHECK_THAT(doctor.output, Catch::Contains("CODEHELPER_RUNNER_TOKEN"));
}

TEST_CASE("access: a server on loopback refuses rebound names and pages of other origins, and takes allowed hosts") {
  const TemporaryDirectory folder;
  CodehelperProcess process({"serve-api", "--port", "0", "--allowed-hosts", "Code.Example.com"},
                            {{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}});
  const std::string url = process.wait_for_url();
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  const auto status = [port](const std::string& host, const std::string& field) {
    RawConnection client(port);
    client.send("POST /project HTTP/1.1\r\nHost: " + host + "\r\n" + field + "Content-Length: 2\r\n\r\n{}");
    return client.read_response().status;
  };

  CHECK(status("evil.example", "") == 403);
  CHECK(status("code.example.com", "") == 422);
  CHECK(status("localhost", "") == 422);
  CHECK(status("localhost", "Origin: https://evil.example\r\n") == 403);
  CHECK(status("localhost", "Origin: null\r\n") == 403);
  CHECK(status("localhost", "Sec-Fetch-Site: cross-site\r\n") == 403);
  CHECK(status("localhost", "Sec-Fetch-Site: same-origin\r\n") == 422);
}

TEST_CASE("access: a token is shown once, on standard error, and its line on standard output") {
  const RunOutcome made = run_codehelper({"token", "ann", "--scopes", "read,chat"});
  const RunOutcome wrong = run_codehelper({"token", "ann", "--scopes", "write"});

  CHECK(made.exit_code == 0);
  CHECK_THAT(made.output, Catch::Matches("ann read,chat sha256:[0-9a-f]{64}\n"));
  CHECK_THAT(made.errors, Catch::Contains("ch_"));
  CHECK(wrong.exit_code == 2);
  CHECK_THAT(wrong.errors, Catch::Contains("read, chat, run, admin"));
}
