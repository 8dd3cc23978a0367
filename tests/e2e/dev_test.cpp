#include <catch2/catch.hpp>

#include <sstream>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

// `codehelper dev` on the sample repository, its index ready.
struct DevFixture {
  DevFixture() : DevFixture(Variables{}) {}
  explicit DevFixture(Variables variables)
      : repo(write_sample_repository(folder).string()), process({"dev", "--port", "0", repo}, std::move(variables)) {
    url = process.wait_for_url();
    process.wait_for_text("ready:", std::chrono::seconds(60));
  }

  TemporaryDirectory folder;
  std::string repo;
  CodehelperProcess process;
  std::string url;
};

std::string lines_of(const std::filesystem::path& file, std::int64_t first, std::int64_t last) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  std::string lines;
  std::int64_t number = 1;
  for (const char c : text) {
    if (number >= first && number <= last) lines += c;
    if (c == '\n') ++number;
  }
  return lines;
}

std::string error_of(const ApiAnswer& answer) {
  return std::string(answer.json().at("error").as_string());
}

}  // namespace

TEST_CASE_METHOD(DevFixture, "dev: health, readiness and metrics have the documented shape") {
  ApiClient api(url);

  const ApiAnswer health = api.get("/health");
  const ApiAnswer ready = api.get("/readyz");
  const ApiAnswer metrics = api.get("/metrics");

  CHECK(health.status == 200);
  CHECK(health.text == R"({"status":"ok"})");
  CHECK(ready.status == 200);
  CHECK(ready.text == R"({"ready":true,"runner":"ok","chroma":"not_configured","llm":"not_configured"})");
  CHECK(metrics.status == 200);
  CHECK(metrics.headers.find("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK_THAT(metrics.text, Catch::Contains(R"(http_requests_total{handler="/health",method="GET",status="2xx"})"));
  CHECK_THAT(metrics.text, Catch::Contains("process_resident_memory_bytes"));
}

TEST_CASE_METHOD(DevFixture, "dev: the project is ready with its counts, and secrets are not indexed") {
  ApiClient api(url);

  const json::object project = api.get("/project").json();

  CHECK(project.at("project_path") == json::value(repo));
  CHECK(project.at("pinned_repo").is_null());
  CHECK(project.at("index_status") == "ready");
  CHECK_THAT(std::string(project.at("job_id").as_string()), Catch::Matches("ingest-[0-9a-f]{8}"));
  CHECK(project.at("index").at("files") == 4);
  CHECK(project.at("index").at("skipped") == 1);
  const ApiAnswer secret = api.post("/search", {{"query", "PASSWORD hunter2"}});
  CHECK_THAT(secret.text, !Catch::Contains("hunter2"));
}

TEST_CASE_METHOD(DevFixture, "dev: a hit's text is its lines, byte for byte, and the best hit is the right one") {
  ApiClient api(url);

  const ApiAnswer answer = api.post("/search", {{"query", "parse http headers"}, {"limit", 5}});

  REQUIRE(answer.status == 200);
  const json::object body = answer.json();
  const json::array& hits = body.at("hits").as_array();
  REQUIRE_FALSE(hits.empty());
  CHECK(hits[0].at("path") == "parser.py");
  for (const json::value& hit : hits) {
    const std::string path(hit.at("path").as_string());
    const std::string lines =
        lines_of(repo + "/" + path, hit.at("start_line").as_int64(), hit.at("end_line").as_int64());
    CHECK(hit.at("text") == json::value(lines));
  }
  CHECK(body.at("index").at("files") == 4);
}

TEST_CASE_METHOD(DevFixture, "dev: chat answers with verified sources and says that no model is configured") {
  ApiClient api(url);

  const ApiAnswer answer = api.post("/chat", {{"message", "where are headers parsed?"}});

  REQUIRE(answer.status == 200);
  const json::object body = answer.json();
  CHECK_THAT(std::string(body.at("response").as_string()), Catch::Contains("No model is configured"));
  REQUIRE_FALSE(body.at("sources").as_array().empty());
  CHECK(body.at("sources").at(0).at("path") == "parser.py");
  CHECK(body.at("sources").at(0).at("verified") == true);
  CHECK(body.at("steps").as_array().size() == 2);
  CHECK_FALSE(body.at("conversation_id").as_string().empty());
  CHECK_THAT(process.output(), Catch::Contains(R"("event":"crew_run_summary")"));
}

TEST_CASE_METHOD(DevFixture, "dev: chat as events tells each step and ends with the answer") {
  ApiClient api(url);
  HttpCall call{"POST", "/chat", {}, R"({"message":"where are headers parsed?"})"};
  call.headers.add("Accept", "text/event-stream");

  const ApiAnswer answer = api.call(std::move(call));

  CHECK(answer.status == 200);
  CHECK(answer.headers.find("Content-Type") == "text/event-stream");
  CHECK_THAT(answer.text, Catch::Contains("event: step\n"));
  CHECK_THAT(answer.text, Catch::Contains("event: done\n"));
  CHECK_THAT(answer.text, Catch::Contains("parser.py"));
}

TEST_CASE_METHOD(DevFixture, "dev: the project's usual tests are run and counted") {
  ApiClient api(url);

  const json::object run = api.post("/run", {{"project_path", repo}, {"action", "run_tests"}}).json();

  INFO(json::serialize(run));
  CHECK(run.at("success") == true);
  CHECK(run.at("exit_code") == 0);
  CHECK_THAT(std::string(run.at("summary").as_string()), Catch::Contains("2 tests ran, 0 failed"));
  CHECK(run.at("duration_seconds").to_number<double>() > 0);
}

TEST_CASE_METHOD(DevFixture, "dev: what is wrong with a request is named with the documented status") {
  ApiClient api(url);
  HttpCall form{"POST", "/search", {}, "query=x"};
  form.headers.add("Content-Type", "application/x-www-form-urlencoded");

  const ApiAnswer malformed = api.call({"POST", "/chat", {}, "{"});
  const ApiAnswer missing = api.post("/chat", {});
  const ApiAnswer wrong_type = api.post("/search", {{"query", 5}});
  const ApiAnswer unknown = api.get("/nowhere");
  const ApiAnswer wrong_method = api.get("/chat");
  const ApiAnswer too_large = api.post("/project", {{"project_path", std::string(100'000, 'x')}});
  const ApiAnswer wrong_media = api.call(std::move(form));
  const ApiAnswer no_directory = api.post("/project", {{"project_path", repo + "/nowhere"}});
  const ApiAnswer outside = api.post("/project", {{"project_path", "/"}});
  const ApiAnswer wrong_action = api.post("/run", {{"project_path", repo}, {"action", "destroy"}});
  const ApiAnswer refused =
      api.post("/run", {{"project_path", repo}, {"action", "verify"}, {"command", {"bash", "-c", "id"}}});
  const ApiAnswer not_indexed =
      api.post("/search", {{"query", "x"}, {"project_path", (folder.path() / "other").string()}});

  CHECK(malformed.status == 400);
  CHECK(missing.status == 422);
  CHECK_THAT(missing.text, Catch::Contains("message"));
  CHECK(wrong_type.status == 422);
  CHECK_THAT(wrong_type.text, Catch::Contains("query"));
  CHECK(unknown.status == 404);
  CHECK(wrong_method.status == 405);
  CHECK(wrong_method.headers.find("Allow").value_or("").find("POST") != std::string_view::npos);
  CHECK(too_large.status == 413);
  CHECK(wrong_media.status == 415);
  CHECK(no_directory.status == 400);
  CHECK(outside.status == 400);
  CHECK(wrong_action.status == 422);
  CHECK(refused.status == 400);
  CHECK(not_indexed.status == 404);
  CHECK(error_of(not_indexed) == "not_indexed");
  for (const ApiAnswer& answer : {malformed, missing, unknown, wrong_method, too_large, wrong_media, no_directory}) {
    CHECK(answer.json().contains("error"));
    CHECK(answer.json().contains("message"));
    CHECK(answer.json().at("request_id") == "e2e");
    CHECK(answer.headers.find("X-Request-Id") == "e2e");
  }
}

TEST_CASE_METHOD(DevFixture, "dev: the command-line clients answer on standard output") {
  const Variables server{{"CODE_HELPER_API_URL", url}};

  const RunOutcome search = run_codehelper({"search", "parse http headers"}, server);
  const RunOutcome search_json = run_codehelper({"search", "--json", "--limit", "1", "parse http headers"}, server);
  const RunOutcome chat = run_codehelper({"chat", "where are headers parsed?"}, server);
  const RunOutcome tests = run_codehelper({"run-tests"}, server);
  const RunOutcome failing = run_codehelper({"run-tests", "--", "python3", "-c", "import sys; sys.exit(3)"}, server);

  CHECK(search.exit_code == 0);
  CHECK_THAT(search.output, Catch::StartsWith("parser.py:"));
  CHECK(json::parse(search_json.output).at("hits").as_array().size() == 1);
  CHECK(chat.exit_code == 0);
  CHECK_THAT(chat.output, Catch::Contains("parser.py"));
  CHECK(tests.exit_code == 0);
  CHECK_THAT(tests.output, Catch::Contains("2 passed"));
  CHECK(failing.exit_code == 3);
}

TEST_CASE("dev: with a token every route but health, readiness and metrics asks for it") {
  DevFixture dev(Variables{{"CODEHELPER_API_TOKEN", "t0ken"}});
  ApiClient stranger(dev.url);
  ApiClient owner(dev.url, "t0ken");

  CHECK(stranger.get("/health").status == 200);
  CHECK(stranger.get("/readyz").status == 200);
  CHECK(stranger.get("/metrics").status == 200);
  CHECK(stranger.get("/project").status == 401);
  CHECK(stranger.post("/execute", {}).status == 401);
  CHECK(owner.get("/project").status == 200);
  CHECK(owner.post("/run", {{"project_path", dev.repo}, {"action", "run_tests"}}).status == 200);
  CHECK_THAT(dev.process.output() + dev.process.errors(), !Catch::Contains("t0ken"));
}

TEST_CASE("dev: a path that is no directory is refused with status 1") {
  const RunOutcome outcome = run_codehelper({"dev", "/nowhere/at/all"});

  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.errors, Catch::Contains("/nowhere/at/all"));
}
