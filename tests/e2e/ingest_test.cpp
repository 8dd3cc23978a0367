#include <catch2/catch.hpp>

#include <csignal>

#include "codehelper/base/json_fields.hpp"
#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

// The fields of the log line `event` in a server's output.
json::object find_event(const std::string& output, std::string_view event) {
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) {
    const auto fields = parse_json_object(line);
    if (fields && fields->at("event") == json::value(event)) return *fields;
  }
  FAIL("no event " << event << " in " << output);
  return {};
}

struct IngestFixture {
  IngestFixture()
      : repo(write_sample_repository(folder)), variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}} {}

  json::object ingest() {
    const RunOutcome outcome = run_codehelper({"ingest", repo.string()}, variables);
    INFO(outcome.errors);
    REQUIRE(outcome.exit_code == 0);
    return find_event(outcome.output, "ingest_finished");
  }
  std::string search(const std::string& query) {
    CodehelperProcess api({"serve-api", "--port", "0"}, variables);
    return ApiClient(api.wait_for_url()).post("/search", {{"query", query}, {"project_path", repo.string()}}).text;
  }

  TemporaryDirectory folder;
  std::filesystem::path repo;
  Variables variables;
};

}  // namespace

TEST_CASE_METHOD(IngestFixture, "ingest: a second run of an unchanged tree embeds nothing") {
  const json::object first = ingest();
  const json::object second = ingest();

  CHECK(first.at("embedded_files") == 4);
  CHECK(second.at("embedded_files") == 0);
  CHECK(second.at("files") == 4);
}

TEST_CASE_METHOD(IngestFixture, "ingest: one changed file re-embeds that file only, and the new text is found") {
  ingest();
  folder.write("repo/server.py", "def launch_rocket():\n    return 'lift-off'\n");

  const json::object again = ingest();

  CHECK(again.at("embedded_files") == 1);
  CHECK_THAT(search("launch_rocket"), Catch::Contains("lift-off"));
  CHECK_THAT(search("create_server listener"), !Catch::Contains("create_server"));
}

TEST_CASE_METHOD(IngestFixture, "ingest: a deleted file is in no result") {
  ingest();
  std::filesystem::remove(repo / "server.py");

  const json::object again = ingest();

  CHECK(again.at("removed_files") == 1);
  CHECK_THAT(search("create_server listener"), !Catch::Contains("server.py"));
}

TEST_CASE_METHOD(IngestFixture, "ingest: exit statuses tell done, failed, wrong usage and locked apart") {
  const std::filesystem::path empty = folder.path() / "empty";
  std::filesystem::create_directory(empty);

  const RunOutcome done = run_codehelper({"ingest", repo.string()}, variables);
  const RunOutcome nothing = run_codehelper({"ingest", empty.string()}, variables);
  const RunOutcome missing = run_codehelper({"ingest", (repo / "nowhere").string()}, variables);
  const RunOutcome usage = run_codehelper({"ingest"}, variables);

  CHECK(done.exit_code == 0);
  CHECK(nothing.exit_code == 1);
  CHECK_THAT(nothing.errors, Catch::Contains("no file"));
  CHECK(missing.exit_code == 1);
  CHECK_THAT(missing.errors, Catch::Contains("nowhere"));
  CHECK(usage.exit_code == 2);
}

TEST_CASE("ingest: while one runs another one of the same project ends with 75") {
  TemporaryDirectory folder;
  const auto large = copy_large_repository(folder);
  const Variables variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}};
  CodehelperProcess first({"ingest", large.string()}, variables);
  wait_until("the lock", std::chrono::seconds(20),
             [&] { return first.output().find("ingest_started") != std::string::npos; });

  const RunOutcome second = run_codehelper({"ingest", large.string()}, variables);

  CHECK(second.exit_code == 75);
  CHECK(first.wait(std::chrono::seconds(120)) == 0);
}

TEST_CASE("ingest: SIGTERM ends it at a commit point with the cause") {
  TemporaryDirectory folder;
  const auto large = copy_large_repository(folder);
  const Variables variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}};
  CodehelperProcess process({"ingest", large.string()}, variables);
  wait_until("the lock", std::chrono::seconds(20),
             [&] { return process.output().find("ingest_started") != std::string::npos; });

  process.signal(SIGTERM);

  CHECK(process.wait(std::chrono::seconds(30)) == 1);
  CHECK_THAT(process.errors(), Catch::Contains("cancelled"));
}

TEST_CASE_METHOD(IngestFixture, "ingest: a project's own files are never written to") {
  const auto newest = [&] {
    auto time = std::filesystem::last_write_time(repo);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(repo))
      time = std::max(time, entry.last_write_time());
    return time;
  };
  const auto before = newest();

  ingest();

  CHECK(newest() == before);
}
