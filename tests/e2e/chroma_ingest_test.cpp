// Ingests into a real Chroma that dies under them, and ingests that share the work.
#include <catch2/catch.hpp>

#include <csignal>

#include "support/chroma_bench.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

/// Every chunk of an index with its text, and every file, as Chroma holds them; without what differs from run to run.
std::map<std::string, std::string> dump_index(const std::string& url) {
  ApiClient client(url);
  const std::string collections = "/api/v2/tenants/default_tenant/databases/default_database/collections";
  std::map<std::string, std::string> records;
  for (const json::value& collection : json::parse(client.get(collections).text).as_array()) {
    const std::string name(collection.at("name").as_string());
    if (!name.starts_with("ch-")) continue;
    const std::string id(collection.at("id").as_string());
    const json::object all =
        client.post(collections + "/" + id + "/get", {{"include", json::array{"documents", "metadatas"}}}).json();
    for (std::size_t i = 0; i < all.at("ids").as_array().size(); ++i) {
      json::object metadata = all.at("metadatas").at(i).as_object();
      if (metadata.contains("shard")) continue;
      for (const char* key : {"written", "modified_ns", "changed_ns"}) metadata.erase(key);
      const std::string key = name + "/" + std::string(all.at("ids").at(i).as_string());
      CHECK(!records.contains(key));
      std::map<std::string, std::string> sorted;  // keys come in any order
      for (const auto& [name_of_key, value] : metadata) sorted[name_of_key] = json::serialize(value);
      for (const auto& [name_of_key, value] : sorted) records[key] += name_of_key + "=" + value + "\n";
      records[key] += json::serialize(all.at("documents").at(i));
    }
  }
  return records;
}

json::object marker_of(const std::string& url) {
  ApiClient client(url);
  const auto all =
      json::parse(client.get("/api/v2/tenants/default_tenant/databases/default_database/collections").text);
  for (const json::value& collection : all.as_array()) {
    const std::string_view name = collection.at("name").as_string();
    if (name.starts_with("ch-") && !name.ends_with("-files")) return collection.at("metadata").as_object();
  }
  return {};
}

/// Returns in the midst of the work: some chunks are there, others are still to come.
void wait_for_first_chunks(const std::string& url) {
  ApiClient client(url);
  const std::string collections = "/api/v2/tenants/default_tenant/databases/default_database/collections";
  wait_until("the first chunks", std::chrono::seconds(60), [&] {
    for (const json::value& collection : json::parse(client.get(collections).text).as_array()) {
      const std::string_view name = collection.at("name").as_string();
      if (!name.starts_with("ch-") || name.ends_with("-files")) continue;
      return client.get(collections + "/" + std::string(collection.at("id").as_string()) + "/count").text != "0";
    }
    return false;
  });
}

struct Ingests {
  Variables variables(const std::string& data, const ChromaServer& chroma) const {
    return {{"CODEHELPER_DATA_DIR", (folder.path() / data).string()},
            {"VECTOR_DB_URL", chroma.url()},
            {"CODEHELPER_CHROMA_RETRY_SECONDS", "60"}};
  }
  TemporaryDirectory folder;
  std::filesystem::path repository = copy_medium_repository(folder);
};

}  // namespace

TEST_CASE_METHOD(Ingests, "chroma ingest: with Chroma killed under it and started again, it finishes by itself") {
  ChromaServer clean(folder.path() / "clean");
  REQUIRE(run_codehelper({"ingest", repository.string()}, variables("data", clean)).exit_code == 0);
  ChromaServer killed(folder.path() / "killed");

  CodehelperProcess ingest({"ingest", repository.string()}, variables("other", killed));
  wait_for_first_chunks(killed.url());
  killed.kill();
  wait_until("a repeated call", std::chrono::seconds(60),
             [&] { return ingest.output().find("chroma_call_repeated") != std::string::npos; });
  killed.start();
  const int exit_code = ingest.wait(std::chrono::seconds(120));

  INFO(ingest.errors());
  REQUIRE(exit_code == 0);
  CHECK(dump_index(killed.url()) == dump_index(clean.url()));
  CHECK(marker_of(killed.url()).at("chunks") == marker_of(clean.url()).at("chunks"));
}

TEST_CASE_METHOD(Ingests,
                 "chroma ingest: when Chroma's volume is replaced under it, it begins anew and nothing is missing") {
  ChromaServer clean(folder.path() / "clean");
  REQUIRE(run_codehelper({"ingest", repository.string()}, variables("data", clean)).exit_code == 0);
  ChromaServer lost(folder.path() / "lost");

  CodehelperProcess ingest({"ingest", repository.string()}, variables("other", lost));
  wait_for_first_chunks(lost.url());
  lost.kill();
  std::filesystem::remove_all(folder.path() / "lost");
  lost.start();
  const int exit_code = ingest.wait(std::chrono::seconds(120));

  INFO(ingest.errors());
  REQUIRE(exit_code == 0);
  CHECK(ingest.output().find("index_begun_anew") != std::string::npos);
  CHECK(dump_index(lost.url()) == dump_index(clean.url()));
}

TEST_CASE_METHOD(Ingests, "chroma ingest: without Chroma it fails after its patience, with the cause") {
  ChromaServer chroma(folder.path() / "chroma");
  chroma.kill();
  Variables impatient = variables("data", chroma);
  impatient["CODEHELPER_CHROMA_RETRY_SECONDS"] = "1";

  const RunOutcome outcome = run_codehelper({"ingest", repository.string()}, impatient);

  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.errors, Catch::Contains("Chroma can't be reached") && Catch::Contains("VECTOR_DB_URL"));
}

TEST_CASE_METHOD(
    Ingests, "chroma ingest: a shard that never comes back is a failure with its cause, and running it mends that") {
  ChromaServer whole(folder.path() / "whole");
  REQUIRE(run_codehelper({"ingest", repository.string()}, variables("data", whole)).exit_code == 0);
  const int signal = GENERATE(SIGKILL, SIGTERM);
  ChromaServer shared(folder.path() / "shared");
  const auto start = [&](int shard) {
    Variables own = variables("shards", shared);
    own["INGEST_SHARDS"] = "4";
    own["JOB_COMPLETION_INDEX"] = std::to_string(shard);
    own["INGEST_RUN_ID"] = "run-1";
    return std::make_unique<CodehelperProcess>(std::vector<std::string>{"ingest", repository.string()}, own);
  };

  const auto lost = start(2);
  wait_for_first_chunks(shared.url());
  lost->signal(signal);
  CHECK(lost->wait() != 0);
  for (const int shard : {0, 1, 3}) CHECK(start(shard)->wait(std::chrono::seconds(120)) == 0);

  CodehelperProcess server({"serve-api", "--port", "0"}, variables("server", shared));
  ApiClient api(server.wait_for_url());
  const std::string look = "/project?project_path=" + repository.string();
  const json::object failed = api.get(look).json();
  CHECK(failed.at("index_status") == "failed");
  const std::string cause(failed.at("cause").as_string());
  CHECK_THAT(cause, Catch::Contains(signal == SIGTERM ? "shard 2 of 4: " : "without finishing"));
  if (signal == SIGTERM) CHECK_THAT(cause, Catch::Contains("was cancelled"));

  CHECK(start(2)->wait(std::chrono::seconds(120)) == 0);
  CHECK(api.get(look).json().at("index_status") == "ready");
  CHECK(dump_index(shared.url()) == dump_index(whole.url()));
}

TEST_CASE_METHOD(Ingests, "chroma ingest: four shards make the index that one ingest makes") {
  ChromaServer whole(folder.path() / "whole");
  REQUIRE(run_codehelper({"ingest", repository.string()}, variables("data", whole)).exit_code == 0);
  ChromaServer shared(folder.path() / "shared");

  std::vector<std::unique_ptr<CodehelperProcess>> shards;
  for (int i = 0; i < 4; ++i) {
    Variables own = variables("shards", shared);
    own["INGEST_SHARDS"] = "4";
    own["JOB_COMPLETION_INDEX"] = std::to_string(i);
    own["INGEST_RUN_ID"] = "run-1";
    shards.push_back(std::make_unique<CodehelperProcess>(std::vector<std::string>{"ingest", repository.string()}, own));
  }
  for (const auto& shard : shards) {
    const int exit_code = shard->wait(std::chrono::seconds(120));
    INFO(shard->errors());
    CHECK(exit_code == 0);
  }

  CHECK(dump_index(shared.url()) == dump_index(whole.url()));
  const json::object marker = marker_of(shared.url());
  const json::object expected = marker_of(whole.url());
  for (const char* key : {"state", "files", "chunks", "skipped", "embedder", "project_path"}) {
    CHECK(marker.at(key) == expected.at(key));
  }
}

TEST_CASE("chroma ingest: shards without Chroma, and a share that is none, are wrong usage") {
  TemporaryDirectory folder;
  const auto repository = write_sample_repository(folder);
  Variables variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}, {"INGEST_SHARDS", "2"}};

  const RunOutcome embedded = run_codehelper({"ingest", repository.string()}, variables);
  variables["VECTOR_DB_URL"] = "http://127.0.0.1:9";
  variables["JOB_COMPLETION_INDEX"] = "2";
  const RunOutcome no_share = run_codehelper({"ingest", repository.string()}, variables);

  CHECK(embedded.exit_code == 2);
  CHECK_THAT(embedded.errors, Catch::Contains("VECTOR_DB_URL"));
  CHECK(no_share.exit_code == 2);
  CHECK_THAT(no_share.errors, Catch::Contains("JOB_COMPLETION_INDEX"));
}
