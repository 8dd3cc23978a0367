// Chroma made to fail in each way while the API runs: the right word in /readyz, a clear answer within the limit, and
// recovery without a restart.
#include <catch2/catch.hpp>

#include "support/chroma_bench.hpp"
#include "support/faulty_peer.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

struct FaultWord {
  Fault fault;
  std::string word;
};

Variables make_variables(const TemporaryDirectory& folder, const FaultyPeer& runner, const std::string& chroma_url) {
  return {{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()},
          {"RUNNER_URL", runner.url()},
          {"VECTOR_DB_URL", chroma_url},
          {"CODEHELPER_CHROMA_SECONDS", "1"},
          {"CODEHELPER_READINESS_SECONDS", "1"}};
}

}  // namespace

TEST_CASE("chroma failures: readiness has the right word, and searches say what is wrong within their limit") {
  const auto& [fault, word] = GENERATE(from_range(std::vector<FaultWord>{{Fault::down, "connection_error"},
                                                                         {Fault::frozen, "timeout"},
                                                                         {Fault::slow, "timeout"},
                                                                         {Fault::cut, "connection_error"},
                                                                         {Fault::nonsense, "error"},
                                                                         {Fault::error, "error"},
                                                                         {Fault::none, "error"}}));
  TemporaryDirectory folder;
  const auto repository = write_sample_repository(folder);
  FaultyPeer runner;
  FaultyPeer chroma;  // even at its best it answers {"status":"ok"}: no Chroma
  chroma.set(fault);
  ApiOver server(make_variables(folder, runner, chroma.url()));

  const ApiAnswer ready = server.api().get("/readyz");
  const ApiAnswer search =
      server.api().post("/search", {{"query", "parse headers"}, {"project_path", repository.string()}});
  const ApiAnswer chat =
      server.api().post("/chat", {{"message", "parse headers"}, {"project_path", repository.string()}});
  const ApiAnswer post = server.api().post("/project", {{"project_path", repository.string()}});

  INFO(search.text);
  CHECK(ready.status == 503);
  CHECK(ready.json().at("chroma").as_string() == word);
  CHECK(ready.json().at("runner") == "ok");
  CHECK(search.status == (word == "timeout" ? 504 : 502));
  CHECK_THAT(std::string(search.json().at("message").as_string()), Catch::Contains("Chroma"));
  CHECK(chat.status == 200);
  CHECK_THAT(std::string(chat.json().at("response").as_string()), Catch::Contains("retrieval is down: Chroma"));
  CHECK(post.status == 503);
  CHECK(post.json().at("error") == "jobs_unavailable");
}

TEST_CASE("chroma failures: frozen and killed, a real one is told apart, and back it works without a restart") {
  TemporaryDirectory folder;
  const auto repository = write_sample_repository(folder);
  FaultyPeer runner;
  ChromaServer chroma(folder.path() / "chroma");
  ApiOver server(make_variables(folder, runner, chroma.url()));
  const auto word = [&] { return std::string(server.api().get("/readyz").json().at("chroma").as_string()); };
  REQUIRE(server.api().post("/project", {{"project_path", repository.string()}}).status == 200);
  wait_until("ready", std::chrono::seconds(60), [&] { return server.status() == "ready"; });
  const auto before = places_of(server.search(repository, "parse headers"));

  const std::string sound = word();
  chroma.freeze();
  const std::string frozen = word();
  const ApiAnswer stale = server.api().get("/project");
  chroma.thaw();
  const std::string thawed = word();
  chroma.kill();
  const std::string killed = word();
  chroma.start();
  const std::string back = word();
  const auto after = places_of(server.search(repository, "parse headers"));

  CHECK(sound == "ok");
  CHECK(frozen == "timeout");
  CHECK(stale.json().at("index_status") == "ready");
  CHECK(stale.json().at("stale") == true);
  CHECK(thawed == "ok");
  CHECK(killed == "connection_error");
  CHECK(back == "ok");
  CHECK_FALSE(before.empty());
  CHECK(after == before);
}

TEST_CASE("chroma failures: start is refused when dependencies are checked and Chroma is not there") {
  TemporaryDirectory folder;
  FaultyPeer runner;
  Variables variables = make_variables(folder, runner, "http://127.0.0.1:9");
  variables["CREW_API_VALIDATE_DEPS"] = "yes";

  const RunOutcome outcome = run_codehelper({"serve-api", "--port", "0"}, variables);

  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.errors, Catch::Contains("Chroma can't be used (connection_error)"));
}

TEST_CASE("chroma failures: a data directory deleted under Chroma fails an ingest with the cause and the way out") {
  TemporaryDirectory folder;
  const auto repository = write_sample_repository(folder);
  ChromaServer chroma(folder.path() / "chroma");
  const Variables variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()},
                            {"VECTOR_DB_URL", chroma.url()}};
  REQUIRE(run_codehelper({"ingest", repository.string()}, variables).exit_code == 0);
  FaultyPeer runner;
  ApiOver server(make_variables(folder, runner, chroma.url()));
  CHECK(server.api().get("/readyz").json().at("chroma") == "ok");
  std::filesystem::remove_all(folder.path() / "chroma");
  folder.write("repo/added.py", "x = 1\n");

  CHECK(server.api().get("/readyz").json().at("chroma") == "error");

  const RunOutcome outcome = run_codehelper({"ingest", repository.string()}, variables);

  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.errors, Catch::Contains("Chroma's volume is broken") && Catch::Contains("restart Chroma"));
}
