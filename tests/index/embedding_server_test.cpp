// The adapters of embedding servers against servers that refuse, lie, stall and come back.
#include "codehelper/index/embedding_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "support/embedding_double.hpp"

namespace codehelper {
namespace {

using test::EmbeddingDouble;
using test::make_http_answer;
using test::ServedEmbedder;
using Texts = std::vector<std::string>;

const std::string kTooLong =
    "{\"error\":{\"code\":500,\"message\":\"input (596 tokens) is too large to process. increase the physical batch "
    "size (current batch size: 512)\",\"type\":\"server_error\"}}";

struct Bench {
  explicit Bench(EmbeddingApi api, EmbeddingServerOptions options = {}) : embedder(loop, api, std::move(options)) {}

  Result<std::vector<Embedding>> embed(Texts texts, TextRole role = TextRole::passage) {
    return run_until_done(loop, embedder.embed({}, role, std::move(texts)));
  }
  EmbeddingDouble& server() { return embedder.server; }
  /// Calls that asked for vectors.
  std::size_t calls() { return embedder.server.batches().size(); }

  EventLoop loop;
  ServedEmbedder embedder;
};

bool is_zero(const Embedding& vector) {
  return std::ranges::all_of(vector, [](float value) { return value == 0; });
}

EmbeddingServerOptions with_model(std::string model) {
  EmbeddingServerOptions options;
  options.model = std::move(model);
  return options;
}

Texts number_texts(std::size_t count) {
  Texts texts;
  for (std::size_t i = 0; i < count; ++i) texts.push_back("text number " + std::to_string(i));
  return texts;
}

}  // namespace

TEST_CASE("embedding server: Ollama is found out, told to cut what is too long, and gets the model's prefixes") {
  Bench bench(EmbeddingApi::ollama, with_model("nomic-embed-text"));

  REQUIRE(bench.embed({"one", "two"}));
  REQUIRE(bench.embed({"three"}, TextRole::question));

  const auto& requests = bench.server().requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].starts_with("GET /api/version "));
  CHECK(requests[1].starts_with("POST /api/embed "));
  CHECK(requests[1].ends_with(
      R"({"model":"nomic-embed-text","input":["search_document: one","search_document: two"],"truncate":true})"));
  CHECK(requests[2].ends_with(R"("input":["search_query: three"],"truncate":true})"));
  CHECK(bench.embedder.identity() == "nomic-embed-text [search_document: |search_query: ]");
}

TEST_CASE("embedding server: OpenAI's API is asked for floats, with the key, and answers in any order") {
  Bench bench(EmbeddingApi::openai);

  const auto vectors = bench.embed({"alpha", "beta", "gamma"});

  REQUIRE(vectors);
  const std::string& request = bench.server().requests().back();
  CHECK(request.starts_with("POST /v1/embeddings "));
  CHECK(request.contains("Authorization: Bearer secret"));
  CHECK(request.ends_with(R"({"model":"some-model","input":["alpha","beta","gamma"],"encoding_format":"float"})"));
  CHECK((*vectors)[1] == bench.embed({"beta"})->front());
  CHECK(bench.embedder.identity() == "some-model");
}

TEST_CASE("embedding server: a base URL that ends in /v1 has OpenAI's API and isn't asked which") {
  EventLoop loop;
  EmbeddingDouble server(loop, EmbeddingApi::openai);
  EmbeddingServerOptions options;
  options.url = server.url() + "/v1/";
  ServedEmbedder embedder(loop, EmbeddingApi::openai, options);

  REQUIRE(run_until_done(loop, embedder.embed({}, TextRole::passage, {"one"})));

  REQUIRE(server.requests().size() == 1);
  CHECK(server.requests()[0].starts_with("POST /v1/embeddings "));
}

TEST_CASE("embedding server: texts go in batches of 32, those without a word not at all") {
  Bench bench(EmbeddingApi::ollama);
  Texts texts = number_texts(70);
  texts[3] = " \n";

  const auto vectors = bench.embed(texts);

  REQUIRE(vectors);
  REQUIRE(vectors->size() == 70);
  CHECK(is_zero((*vectors)[3]));
  CHECK((*vectors)[3].size() == EmbeddingDouble::kDimension);
  CHECK((*vectors)[69] == bench.embed({texts[69]})->front());
  CHECK(bench.server().batches()[0].size() == 31);
  CHECK(bench.server().batches()[1].size() == 32);
  CHECK(bench.server().batches()[2].size() == 6);
}

TEST_CASE("embedding server: a text that is refused costs the others nothing") {
  const auto api = GENERATE(EmbeddingApi::ollama, EmbeddingApi::openai);
  const auto bad_answer = GENERATE(as<std::string>{}, make_http_answer(400, R"({"error":"invalid input"})"),
                                   make_http_answer(500, R"({"error":"json: unsupported value: NaN"})"),
                                   make_http_answer(422, "no"), make_http_answer(200, R"({"embeddings":[],"data":[]})"),
                                   make_http_answer(200, R"({"embeddings":[[null]],"data":[{"embedding":[null]}]})"));
  Bench bench(api);
  bench.server().fault = [&](const Texts& texts) {
    const bool is_bad = std::ranges::any_of(texts, [](const std::string& text) { return text.contains("poison"); });
    return is_bad ? bad_answer : std::string();
  };
  Texts texts = number_texts(32);
  texts[20] = "poison";

  const auto vectors = bench.embed(texts);

  REQUIRE(vectors);
  for (std::size_t i = 0; i < texts.size(); ++i) CHECK(is_zero((*vectors)[i]) == (i == 20));
  CHECK(bench.calls() <= 12);  // the whole, a plain text, and two for each of five halvings
}

TEST_CASE("embedding server: a text that is too long is cut until it is taken") {
  Bench bench(EmbeddingApi::openai);
  bench.server().fault = [](const Texts& texts) {
    const bool is_long = std::ranges::any_of(texts, [](const std::string& text) { return text.size() > 1000; });
    return is_long ? make_http_answer(500, kTooLong) : std::string();
  };
  std::string text = "the first words. ";
  while (text.size() < 7000) text += "größe ";

  const auto vectors = bench.embed({"short", text});

  REQUIRE(vectors);
  CHECK_FALSE(is_zero((*vectors)[1]));
  const std::string& taken = bench.server().batches().back().front();
  CHECK(taken.size() > 500);
  CHECK(text.starts_with(taken));
}

TEST_CASE("embedding server: one that can embed nothing is an error after two calls, and says what it said") {
  Bench bench(EmbeddingApi::ollama);
  bench.server().fault = [](const Texts&) { return make_http_answer(500, R"({"error":"model runner has died"})"); };

  const auto vectors = bench.embed(number_texts(32));

  REQUIRE_FALSE(vectors);
  CHECK(vectors.error().code == ErrorCode::unavailable);
  CHECK(vectors.error().message.contains("model runner has died"));
  CHECK(bench.calls() == 2);
}

TEST_CASE("embedding server: what is said for ever is an error at once, with the way out") {
  const auto [answer, way_out] = GENERATE(table<std::string, std::string>({
      {make_http_answer(404, R"({"error":"model 'some-model' not found"})"), "ollama pull some-model"},
      {make_http_answer(401, R"({"error":{"message":"bad key","code":null}})"), "EMBED_API_KEY"},
      {make_http_answer(403, "no"), "EMBED_API_KEY"},
      {make_http_answer(418, "teapot"), "teapot"},
  }));
  Bench bench(GENERATE(EmbeddingApi::ollama, EmbeddingApi::openai));
  bench.server().fault = [said = answer](const Texts&) { return said; };

  const auto vectors = bench.embed({"one", "two"});

  REQUIRE_FALSE(vectors);
  CHECK(vectors.error().code == ErrorCode::unavailable);
  CHECK(vectors.error().message.contains(way_out));
  CHECK(bench.calls() == 1);
}

TEST_CASE("embedding server: nonsense is told from a server that is not there") {
  const auto* body = GENERATE("hello", "[]", R"({"object":"list"})", R"({"data":[{"index":0},{"index":1}]})",
                              R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
                              R"({"data":[{"index":0,"embedding":[1]},{"index":7,"embedding":[1]}]})",
                              R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]})");
  Bench bench(EmbeddingApi::openai);
  bench.server().fault = [&](const Texts&) { return make_http_answer(200, body); };

  const auto vectors = bench.embed({"one", "two"});

  REQUIRE_FALSE(vectors);
  CHECK(vectors.error().code == ErrorCode::bad_answer);
  CHECK(vectors.error().message.contains("EMBED_URL"));
}

TEST_CASE("embedding server: vectors get unit length, however large or small their numbers are") {
  const std::string numbers = GENERATE("[3,4]", "[3e90,4e90]", "[3e-90,4e-90]");
  Bench bench(EmbeddingApi::openai);
  bench.server().fault = [&](const Texts&) {
    return make_http_answer(200, R"({"data":[{"index":0,"embedding":)" + numbers + "}]}");
  };

  const auto vectors = bench.embed({"one"});

  REQUIRE(vectors);
  CHECK(vectors->front()[0] == Approx(0.6));
  CHECK(vectors->front()[1] == Approx(0.8));
}

TEST_CASE("embedding server: vectors of another dimension than before are refused") {
  Bench bench(EmbeddingApi::ollama);
  REQUIRE(bench.embed({"one"}));
  bench.server().dimension = 32;

  const auto vectors = bench.embed({"one"});

  REQUIRE_FALSE(vectors);
  CHECK(vectors.error().code == ErrorCode::bad_answer);
  CHECK(vectors.error().message.contains("512 dimensions and now have 32"));
}

TEST_CASE("embedding server: while it is busy passages are tried again, a question is not") {
  Bench bench(EmbeddingApi::ollama);
  std::size_t busy = 2;
  bench.server().fault = [&](const Texts&) {
    if (busy == 0) return std::string();
    --busy;
    return make_http_answer(503, R"({"error":"server busy, please try again"})", "Retry-After: 0\r\n");
  };

  REQUIRE(bench.embed({"one"}));
  CHECK(bench.calls() == 3);
  busy = 1;
  const auto asked = bench.embed({"one"}, TextRole::question);

  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == ErrorCode::unavailable);
  CHECK(bench.calls() == 4);
}

TEST_CASE("embedding server: no call waits longer than its limit") {
  EmbeddingServerOptions options;
  options.limit = std::chrono::milliseconds(200);
  EventLoop loop;
  test::ScriptedServer frozen(loop, [](test::ScriptedPeer& peer, int) { return peer.wait_for_close(); });
  options.url = frozen.url();
  ServedEmbedder embedder(loop, EmbeddingApi::ollama, options);

  const auto vectors = run_until_done(loop, embedder.embed({}, TextRole::passage, {"one"}));

  REQUIRE_FALSE(vectors);
  CHECK(vectors.error().code == ErrorCode::timeout);
}

TEST_CASE("embedding server: one that is down is named with what to do, and passages wait for it") {
  EmbeddingServerOptions options;
  options.limit = std::chrono::milliseconds(700);
  options.url = "http://127.0.0.1:1";
  Bench bench(EmbeddingApi::ollama, options);

  const auto start = std::chrono::steady_clock::now();
  const auto vectors = bench.embed({"one"});

  REQUIRE_FALSE(vectors);
  CHECK(vectors.error().code == ErrorCode::unavailable);
  CHECK(vectors.error().message.contains("EMBED_URL"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("embedding server: a setting says what stands before a text") {
  EmbeddingServerOptions options = with_model("nomic-embed-text:latest");
  options.passage_prefix = "";
  options.question_prefix = "Q: ";
  Bench bench(EmbeddingApi::ollama, options);

  REQUIRE(bench.embed({"one"}));
  REQUIRE(bench.embed({"two"}, TextRole::question));

  CHECK(bench.server().batches() == std::vector<Texts>{{"one"}, {"Q: two"}});
  CHECK(bench.embedder.identity() == "nomic-embed-text [|Q: ]");
}

TEST_CASE("embedding server: its check embeds nothing, and tells a refusal from silence") {
  Bench bench(EmbeddingApi::openai);
  EventLoop& loop = bench.loop;
  const auto check = [&](HttpClient& client) {
    return run_until_done(loop, check_embedding_server({}, client, "http://h/", std::chrono::seconds(2)));
  };

  CHECK(check(bench.embedder.client()));
  CHECK(bench.calls() == 0);

  test::ScriptedServer broken(loop, [](test::ScriptedPeer& peer, int) -> Task<void> {
    co_await peer.read_request();
    co_await peer.write(make_http_answer(500, "broken"));
  });
  EmbeddingServerOptions options;
  options.url = broken.url();
  ServedEmbedder embedder(loop, EmbeddingApi::openai, options);
  const auto refused = check(embedder.client());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::bad_answer);
}

}  // namespace codehelper
