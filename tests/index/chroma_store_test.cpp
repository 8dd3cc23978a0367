// The Chroma adapter against peers that lie, break off, or lose what they had.
#include "codehelper/index/chroma_store.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "support/index_samples.hpp"
#include "support/scripted_server.hpp"

namespace codehelper {
namespace {

using test::ScriptedPeer;
using test::ScriptedServer;

constexpr std::string_view kNotFound = R"({"error":"NotFoundError","message":"Collection [x] does not exists."})";

std::string make_answer(int status, std::string_view body) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

std::string collection(std::string_view id, std::string_view metadata) {
  const std::string body = fmt::format(
      R"({{"id":"{}","name":"n","configuration_json":{{"hnsw":{{"space":"cosine"}}}},"metadata":{},"dimension":2}})",
      id, metadata);
  return make_answer(200, body);
}

const std::string kMarker =
    R"({"format":1,"state":"ready","embedder":"two-dimensions","dimension":2,"finished_at":"2026-01-02T03:04:05Z"})";
const std::string kFilesMetadata = R"({"format":1,"revision":"r"})";

/// Asks a store whose Chroma answers each call by `answer`, which gets the request line.
struct StoreBench {
  using Answer = std::function<std::string(const std::string& line)>;

  explicit StoreBench(Answer given, ChromaOptions options = {}) : answer(std::move(given)) {
    HttpClientOptions client_options;
    client_options.base_url = server.url();
    client = HttpClient::make(loop, std::move(client_options)).value();
    store = make_chroma_store(loop, *client, options);
  }

  Task<void> serve(ScriptedPeer& peer) {
    while (true) {
      const std::string request = co_await peer.read_request();
      if (request.empty()) co_return;
      lines.push_back(request.substr(0, request.find(" HTTP/")));
      std::string bytes = answer(lines.back());
      const bool is_last = bytes.empty() || bytes.contains("cut");
      co_await peer.write(std::move(bytes));
      if (is_last) co_return;
    }
  }

  Result<std::optional<IndexMarker>> marker() { return run_until_done(loop, store->load_marker({}, project)); }
  Result<void> apply() {
    IndexBatch batch;
    batch.files = {test::make_file("a.cpp", {"word\n"})};
    batch.marker = test::make_ready_marker();
    return run_until_done(loop, store->apply({}, project, std::move(batch)));
  }

  EventLoop loop;
  Project project{"/posted", "/some/where"};
  Answer answer;
  std::vector<std::string> lines;
  ScriptedServer server{loop, [this](ScriptedPeer& peer, int) { return serve(peer); }};
  std::unique_ptr<HttpClient> client;
  std::unique_ptr<ChromaStore> store;
};

bool names_files(const std::string& line) {
  return line.contains("-files");
}

}  // namespace

TEST_CASE("chroma store: says what is wrong with an answer, and what to do") {
  const auto [bytes, words] = GENERATE(table<std::string, std::string>({
      {make_answer(200, "hello"), "nonsense"},
      {make_answer(200, R"({"id":5,"name":"x"})"), "nonsense"},
      {make_answer(200, R"({"id":"","name":"x"})"), "nonsense"},
      {make_answer(200, R"({"id":"../a?b","name":"x"})"), "nonsense"},
      {make_answer(200, "[]"), "nonsense"},
      {make_answer(404, ""), "no Chroma with API v2"},
      {make_answer(404, "<html>"), "no Chroma with API v2"},
      {make_answer(410, R"({"error":"Unimplemented","message":"use v2"})"), "run Chroma 1.0 or later"},
      {make_answer(400, R"({"error":"InvalidArgumentError","message":"odd name"})"), "odd name"},
      {make_answer(500, R"({"error":"InternalError","message":"attempt to write a readonly database"})"),
       "volume is broken"},
      {make_answer(400, R"({"error":"ChromaError","message":"plan: Failed to pull logs from the log store"})"),
       "volume is broken"},
      {make_answer(503, "busy"), "refused a call (503 busy)"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"cut", "can't be reached"},
      {"", "can't be reached"},
      {"SSH-2.0-OpenSSH cut\r\n", "nonsense"},
  }));
  StoreBench bench([text = bytes](const std::string&) { return text; });

  const auto marker = bench.marker();

  REQUIRE_FALSE(marker);
  const bool is_nonsense = words == "nonsense" || words.contains("API v2") || words.contains("1.0");
  CHECK(marker.error().code == (is_nonsense ? ErrorCode::bad_answer : ErrorCode::unavailable));
  CHECK_THAT(marker.error().message, Catch::Contains(words));
}

TEST_CASE("chroma store: records that don't fit together are nonsense") {
  const auto [body, words] = GENERATE(table<std::string, std::string>({
      {R"({"ids":["a"],"metadatas":[]})", "different lengths"},
      {R"({"metadatas":[]})", "without ids"},
      {R"({"ids":"a"})", "no list"},
      {"{", "nonsense"},
  }));
  StoreBench bench([text = body](const std::string& line) {
    if (line.starts_with("GET")) return collection("u", names_files(line) ? kFilesMetadata : kMarker);
    return make_answer(200, text);
  });

  const auto files = run_until_done(bench.loop, bench.store->list_files({}, bench.project));

  REQUIRE_FALSE(files);
  CHECK(files.error().code == ErrorCode::bad_answer);
  CHECK_THAT(files.error().message, Catch::Contains(words));
}

TEST_CASE("chroma store: a peer that accepts and never answers costs no more than the limit") {
  EventLoop loop;
  ScriptedServer server(loop, [](ScriptedPeer& peer, int) { return peer.wait_for_close(); });
  HttpClientOptions client_options;
  client_options.base_url = server.url();
  auto client = HttpClient::make(loop, std::move(client_options)).value();
  ChromaOptions options;
  options.call_limit = std::chrono::milliseconds(100);
  auto store = make_chroma_store(loop, *client, options);

  const auto marker = run_until_done(loop, store->load_marker({}, {"/posted", "/some/where"}));
  const auto checked = run_until_done(loop, check_chroma({}, *client, std::chrono::milliseconds(100)));

  REQUIRE_FALSE(marker);
  CHECK(marker.error().code == ErrorCode::timeout);
  CHECK_THAT(marker.error().message, Catch::Contains("Chroma did not answer in time"));
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == ErrorCode::timeout);
}

TEST_CASE("chroma store: with patience a call is repeated until it works, without it once is enough") {
  const auto patience = GENERATE(std::chrono::milliseconds(0), std::chrono::milliseconds(10'000));
  ChromaOptions options;
  options.patience = patience;
  int calls = 0;
  StoreBench bench(
      [&calls](const std::string&) {
        return ++calls == 1 ? make_answer(503, "starting") : make_answer(404, kNotFound);
      },
      options);

  const auto marker = bench.marker();

  CHECK(marker.has_value() == (patience.count() > 0));
  if (marker) CHECK_FALSE(marker->has_value());
}

TEST_CASE("chroma store: a broken volume and a refusal are not asked for again, whatever the patience") {
  const auto [status, message] = GENERATE(table<int, std::string>({{500, "database or disk is full"}, {400, "no"}}));
  ChromaOptions options;
  options.patience = std::chrono::milliseconds(10'000);
  StoreBench bench(
      [code = status, words = message](const std::string&) {
        return make_answer(code, fmt::format(R"({{"error":"E","message":"{}"}})", words));
      },
      options);

  CHECK_FALSE(bench.marker());

  CHECK(bench.lines.size() == 1);
}

TEST_CASE("chroma store: a request that is too large says how to make it smaller") {
  StoreBench bench([](const std::string& line) {
    if (line.starts_with("GET")) return collection("u", names_files(line) ? kFilesMetadata : kMarker);
    return line.ends_with("upsert") ? make_answer(413, "Payload too large") : make_answer(200, "{}");
  });

  const auto applied = bench.apply();

  REQUIRE_FALSE(applied);
  CHECK(applied.error().code == ErrorCode::too_large);
  CHECK_THAT(applied.error().message, Catch::Contains("CODEHELPER_MAX_FILE_BYTES"));
}

TEST_CASE("chroma store: files are marked as unfinished before their chunks go, and the marker comes last") {
  StoreBench bench([](const std::string& line) {
    if (line.starts_with("GET"))
      return collection(names_files(line) ? "f" : "c", names_files(line) ? kFilesMetadata : kMarker);
    return make_answer(200, "{}");
  });

  REQUIRE(bench.apply());

  std::vector<std::string> calls;
  for (const std::string& line : bench.lines) {
    const std::size_t at = line.find("/collections/");
    if (!line.starts_with("GET")) calls.push_back(line.substr(0, line.find(' ')) + " " + line.substr(at + 13));
  }
  CHECK(calls == std::vector<std::string>{"POST f/update", "POST f/add", "POST c/delete", "POST c/upsert",
                                          "POST f/update", "PUT f", "PUT c"});
}

TEST_CASE("chroma store: an index that was made again between look and question is looked for once more") {
  int looks = 0;
  StoreBench bench([&looks](const std::string& line) {
    if (line.starts_with("GET") && !names_files(line)) ++looks;
    if (line.starts_with("GET"))
      return collection(looks == 1 ? "old" : "new", names_files(line) ? kFilesMetadata : kMarker);
    if (line.contains("/old/")) return make_answer(404, kNotFound);
    return make_answer(200, R"({"ids":[[]],"documents":[[]],"metadatas":[[]],"distances":[[]]})");
  });
  ChunkQuery query;
  query.embedding = {1, 0};

  const auto hits = run_until_done(bench.loop, bench.store->query({}, bench.project, query));

  REQUIRE(hits);
  CHECK(looks == 2);
}

TEST_CASE("chroma store: a pass does not go on in other collections than those whose files it has seen") {
  bool is_replaced = false;
  StoreBench bench([&is_replaced](const std::string& line) {
    if (line.starts_with("GET"))
      return collection(is_replaced ? "new" : "old", names_files(line) ? kFilesMetadata : kMarker);
    if (line.ends_with("get")) return make_answer(200, R"({"ids":[],"metadatas":[]})");
    return make_answer(200, "{}");
  });
  REQUIRE(run_until_done(bench.loop, bench.store->list_files({}, bench.project)));
  REQUIRE(bench.apply());

  is_replaced = true;
  const auto applied = bench.apply();

  REQUIRE_FALSE(applied);
  CHECK(applied.error().code == ErrorCode::conflict);
}

TEST_CASE("chroma store: a collection of another format, space or without a marker counts as no index") {
  const std::string text = GENERATE(
      collection("u", R"({"format":2,"state":"ready"})"), collection("u", R"({"state":"ready"})"),
      collection("u", R"({"format":1})"), collection("u", "null"),
      make_answer(
          200,
          R"({"id":"u","name":"n","configuration_json":{"hnsw":{"space":"l2"}},"metadata":{"format":1,"state":"ready"}})"));
  StoreBench bench([text](const std::string&) { return text; });

  const auto marker = bench.marker();

  REQUIRE(marker);
  CHECK_FALSE(marker->has_value());
}

}  // namespace codehelper
