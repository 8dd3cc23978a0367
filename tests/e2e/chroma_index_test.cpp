// Indexes in a real Chroma as those see them who ask: the same answers as from the embedded store, from every server,
// and a volume that is lost is said and made good.
#include <catch2/catch.hpp>

#include "support/chroma_bench.hpp"

using namespace codehelper;
using namespace codehelper::test;

TEST_CASE("chroma: an index of a thousand files answers like the embedded one, from a server with an empty disk") {
  TemporaryDirectory folder;
  const auto repository = copy_thousand_files(folder);
  const Variables embedded{{"CODEHELPER_DATA_DIR", (folder.path() / "embedded").string()}};
  ChromaServer chroma(folder.path() / "chroma");
  const Variables in_chroma{{"CODEHELPER_DATA_DIR", (folder.path() / "writer").string()},
                            {"VECTOR_DB_URL", chroma.url()}};
  REQUIRE(run_codehelper({"ingest", repository.string()}, embedded).exit_code == 0);
  const RunOutcome ingest = run_codehelper({"ingest", repository.string()}, in_chroma);
  INFO(ingest.errors);
  REQUIRE(ingest.exit_code == 0);

  ApiOver expected(embedded);
  ApiOver replica({{"CODEHELPER_DATA_DIR", (folder.path() / "replica").string()}, {"VECTOR_DB_URL", chroma.url()}});
  std::size_t common = 0;
  std::size_t all = 0;
  for (const std::string& question : kTwentyQuestions) {
    const auto right = expected.search(repository, question);
    common += count_common(right, replica.search(repository, question));
    all += right.size();
  }
  const RunOutcome again = run_codehelper({"ingest", repository.string()}, in_chroma);

  CHECK(all >= 190);
  INFO(common << " of " << all << " places in common");
  CHECK(static_cast<double>(common) >= 0.9 * static_cast<double>(all));
  CHECK(again.exit_code == 0);
  CHECK_THAT(again.errors, Catch::Contains("(0 files read anew"));
}

TEST_CASE("chroma: a lost volume is said, and a post makes the same index again") {
  TemporaryDirectory folder;
  const auto repository = copy_medium_repository(folder);
  ChromaServer chroma(folder.path() / "chroma");
  ApiOver server({{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}, {"VECTOR_DB_URL", chroma.url()}});
  const boost::json::object post{{"project_path", repository.string()}};
  const auto wait_until_ready = [&] {
    wait_until("ready", std::chrono::seconds(120), [&] { return server.status() == "ready"; });
  };
  REQUIRE(server.api().post("/project", post).status == 200);
  wait_until_ready();
  const auto before = server.search_all(repository);

  chroma.kill();
  const ApiAnswer down =
      server.api().post("/search", {{"query", "debounceTime"}, {"project_path", repository.string()}});
  const ApiAnswer down_status = server.api().get("/project");
  const ApiAnswer down_chat =
      server.api().post("/chat", {{"message", "where is debounceTime"}, {"project_path", repository.string()}});
  std::filesystem::remove_all(folder.path() / "chroma");
  chroma.start();
  const ApiAnswer lost = server.api().get("/project?project_path=" + repository.string());
  const ApiAnswer search =
      server.api().post("/search", {{"query", "debounceTime"}, {"project_path", repository.string()}});
  const ApiAnswer chat =
      server.api().post("/chat", {{"message", "where is debounceTime"}, {"project_path", repository.string()}});
  const ApiAnswer posted = server.api().post("/project", post);
  wait_until_ready();
  const auto after = server.search_all(repository);

  CHECK(down.status == 502);
  CHECK_THAT(down.text, Catch::Contains("Chroma can't be reached"));
  CHECK(down_status.status == 200);
  CHECK(down_status.json().at("index_status") == "ready");
  CHECK(down_status.json().at("stale") == true);
  CHECK(down_chat.status == 200);
  CHECK_THAT(down_chat.text, Catch::Contains("retrieval is down: Chroma can't be reached"));
  CHECK(lost.json().at("index_status") == "idle");
  CHECK(lost.json().at("index").at("finished_at").is_null());
  CHECK(search.status == 404);
  CHECK(search.json().at("error") == "not_indexed");
  CHECK_THAT(search.text, Catch::Contains("POST /project"));
  CHECK_THAT(chat.text, Catch::Contains("POST /project"));
  CHECK(posted.status == 200);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(places_of(after[i]) == places_of(before[i]));
}

TEST_CASE("chroma: two servers agree on the current project and on answers, also after a change") {
  TemporaryDirectory folder;
  const auto repository = write_sample_repository(folder);
  ChromaServer chroma(folder.path() / "chroma");
  // One data directory: it holds the locks of local jobs, which otherwise only their own server knows.
  const Variables variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()},
                            {"VECTOR_DB_URL", chroma.url()}};
  ApiOver first(variables);
  ApiOver second(variables);
  const auto wait_until_ready = [&] {
    wait_until("ready", std::chrono::seconds(60),
               [&] { return first.status() == "ready" && second.status() == "ready"; });
  };

  REQUIRE(
      first.api().post("/project", {{"project_path", repository.string()}, {"pinned_repo", "https://a.b/c"}}).status ==
      200);
  wait_until_ready();
  const boost::json::object seen = second.api().get("/project").json();
  const ApiAnswer one = first.api().post("/search", {{"query", "parse headers"}});
  const ApiAnswer other = second.api().post("/search", {{"query", "parse headers"}});
  folder.write("repo/added.py", "def split_cookies(text):\n    return text.split('; ')\n");
  std::filesystem::remove(repository / "server.py");
  REQUIRE(second.api().post("/project", {{"project_path", repository.string()}, {"reindex", true}}).status == 200);
  wait_until_ready();
  const auto added = first.search(repository, "split cookies");
  const auto removed = first.search(repository, "socket listener create_server");

  CHECK(std::string(seen.at("project_path").as_string()) == repository.string());
  CHECK(seen.at("pinned_repo") == "https://a.b/c");
  REQUIRE(one.status == 200);
  CHECK(one.json().at("hits") == other.json().at("hits"));
  REQUIRE_FALSE(added.empty());
  CHECK(added.front().at("path") == "added.py");
  for (const boost::json::value& hit : removed) CHECK(hit.at("path") != "server.py");
}
